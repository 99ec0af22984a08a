//! Building a network node by node, and the checks that make it valid.

use super::{
    ALPHA_RANGE, Colouring, DiodeClamp, Edge, EdgeGroup, EdgeKind, GroupId, Incidence, Network, NetworkError,
    Node, NodeId, NodeKind,
};

/// A network under construction; [`NetworkBuilder::build`] checks it.
#[derive(Clone, Debug, Default)]
pub struct NetworkBuilder {
    name: String,
    clamps: Vec<DiodeClamp>,
    node_names: Vec<String>,
    positions: Vec<[f64; 2]>,
    edges: Vec<Edge>,
    conductances: Vec<Option<f64>>,
    groups: Vec<EdgeGroup>,
    inputs: Vec<NodeId>,
    outputs: Vec<NodeId>,
}

impl NetworkBuilder {
    /// An empty network of that name.
    pub fn new(name: impl Into<String>) -> Self {
        NetworkBuilder { name: name.into(), ..NetworkBuilder::default() }
    }

    /// A network to be changed.
    pub(super) fn of(network: Network) -> Self {
        NetworkBuilder {
            name: network.name,
            clamps: network.nodes.iter().map(|node| node.clamp).collect(),
            node_names: network.node_names,
            positions: network.positions,
            edges: network.edges,
            conductances: network.conductances,
            groups: network.groups,
            inputs: network.inputs,
            outputs: network.outputs,
        }
    }

    /// Renames the network.
    pub fn name(&mut self, name: impl Into<String>) {
        self.name = name.into();
    }

    /// Adds a group of edges and returns its id. Without any, all edges share a group `all` of shift 0.
    pub fn group(&mut self, name: impl Into<String>, alpha: i8) -> GroupId {
        self.add_group(EdgeGroup { name: name.into(), alpha, frozen: false })
    }

    /// Adds a group of edges as it stands in a file and returns its id.
    pub fn add_group(&mut self, group: EdgeGroup) -> GroupId {
        self.groups.push(group);
        GroupId(u16::try_from(self.groups.len() - 1).unwrap_or(u16::MAX))
    }

    /// Adds a node without a name of its own and returns its id.
    pub fn node(&mut self, clamp: DiodeClamp) -> NodeId {
        let index = self.clamps.len();
        self.clamps.push(clamp);
        if !self.node_names.is_empty() {
            self.node_names.push(default_name(index));
        }
        NodeId(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Adds a node with a name and returns its id.
    pub fn named_node(&mut self, name: impl Into<String>, clamp: DiodeClamp) -> NodeId {
        if self.node_names.is_empty() {
            self.node_names = (0..self.clamps.len()).map(default_name).collect();
        }
        self.clamps.push(clamp);
        self.node_names.push(name.into());
        NodeId(u32::try_from(self.clamps.len() - 1).unwrap_or(u32::MAX))
    }

    /// Says where to draw the nodes, all of them, in units of a grid.
    pub fn set_positions(&mut self, positions: Vec<[f64; 2]>) {
        self.positions = positions;
    }

    /// Says from which conductances edges begin to learn, as fractions of full scale, in the order of the edges; what is
    /// missing is drawn.
    pub fn set_conductances(&mut self, conductances: Vec<Option<f64>>) {
        self.conductances = conductances;
    }

    /// Adds an edge between two nodes.
    pub fn edge(&mut self, a: NodeId, b: NodeId, kind: EdgeKind, group: GroupId) {
        self.edges.push(Edge { ends: [a, b], kind, group });
    }

    /// Adds many edges at once.
    pub(super) fn set_edges(&mut self, edges: Vec<Edge>) {
        self.edges = edges;
    }

    /// Makes these nodes the inputs, in this port order.
    #[must_use]
    pub fn inputs(mut self, inputs: impl IntoIterator<Item = NodeId>) -> Self {
        self.inputs = inputs.into_iter().collect();
        self
    }

    /// Makes these nodes the outputs, in this port order.
    #[must_use]
    pub fn outputs(mut self, outputs: impl IntoIterator<Item = NodeId>) -> Self {
        self.outputs = outputs.into_iter().collect();
        self
    }

    /// Checks everything and finishes the network.
    ///
    /// # Errors
    /// The first fault found: sizes come first, then names, groups, edges, ports and connections.
    pub fn build(mut self) -> Result<Network, NetworkError> {
        if self.groups.is_empty() {
            self.group("all", 0);
        }
        self.check_sizes()?;
        self.check_names()?;
        self.check_groups()?;
        self.check_edges()?;
        let (incidence_start, incidences) = self.incidences();
        self.check_parallel(&incidence_start, &incidences)?;
        let kinds = self.node_kinds()?;
        let at = |node: NodeId| {
            let i = node.index();
            &incidences[incidence_start[i] as usize..incidence_start[i + 1] as usize]
        };
        self.check_connected(&kinds, at)?;
        let ports = self.inputs.iter().chain(&self.outputs).copied();
        if self.node_names.iter().enumerate().all(|(i, name)| *name == default_name(i)) {
            self.node_names.clear();
        }
        let colouring = Colouring::of(self.clamps.len(), ports, at);
        let nodes = kinds.iter().zip(&self.clamps).map(|(&kind, &clamp)| Node { kind, clamp }).collect();
        Ok(Network {
            name: self.name,
            nodes,
            node_names: self.node_names,
            positions: self.positions,
            conductances: checked_conductances(self.conductances)?,
            edges: self.edges,
            groups: self.groups,
            inputs: self.inputs,
            outputs: self.outputs,
            colouring,
            incidence_start,
            incidences,
        })
    }

    fn name_of(&self, node: NodeId) -> String {
        self.node_names.get(node.index()).cloned().unwrap_or_else(|| default_name(node.index()))
    }

    fn check_sizes(&self) -> Result<(), NetworkError> {
        const REMEDY: &str = "more than ids can count, make the network smaller";
        for (what, value, limit) in [
            ("nodes", self.clamps.len(), u32::MAX as usize - 1),
            ("edges", self.edges.len(), (u32::MAX / 2) as usize),
            ("groups", self.groups.len(), usize::from(u16::MAX)),
        ] {
            if value > limit {
                return Err(NetworkError::Size { what, value, remedy: REMEDY });
            }
        }
        if !self.positions.is_empty() && self.positions.len() != self.clamps.len() {
            let remedy = "a position for some nodes only, give one to every node or to none";
            return Err(NetworkError::Size {
                what: "nodes with a position",
                value: self.positions.len(),
                remedy,
            });
        }
        match self.positions.iter().position(|place| !place.iter().all(|x| x.abs() <= FARTHEST)) {
            Some(node) => Err(NetworkError::Position { node }),
            None => Ok(()),
        }
    }

    fn check_names(&self) -> Result<(), NetworkError> {
        match first_repeat(&self.node_names) {
            Some(node) => Err(NetworkError::DuplicateName { node, name: self.node_names[node].clone() }),
            None => Ok(()),
        }
    }

    fn check_groups(&self) -> Result<(), NetworkError> {
        if let Some(group) = first_repeat(self.groups.iter().map(|g| &g.name)) {
            return Err(NetworkError::DuplicateGroup { group, name: self.groups[group].name.clone() });
        }
        match self.groups.iter().position(|g| !ALPHA_RANGE.contains(&g.alpha)) {
            Some(group) => Err(NetworkError::Alpha { group, alpha: self.groups[group].alpha }),
            None => Ok(()),
        }
    }

    fn check_edges(&self) -> Result<(), NetworkError> {
        for (index, edge) in self.edges.iter().enumerate() {
            for (end, node) in edge.ends.iter().enumerate() {
                if node.index() >= self.clamps.len() {
                    let field = format!("edges[{index}].ends[{end}]");
                    return Err(NetworkError::UnknownNode { field, name: default_name(node.index()) });
                }
            }
            let [a, b] = edge.ends;
            if a == b {
                return Err(NetworkError::SelfLoop { edge: index, node: self.name_of(a) });
            }
            if edge.group.index() >= self.groups.len() {
                return Err(NetworkError::UnknownGroup { edge: index, name: edge.group.0.to_string() });
            }
        }
        Ok(())
    }

    /// No two edges join the same nodes. Found at the nodes, where an edge's neighbours are listed anyway: a table of all pairs
    /// would take more memory than the network.
    fn check_parallel(&self, start: &[u32], incidences: &[Incidence]) -> Result<(), NetworkError> {
        // For every neighbour, the last node that saw it, and by which edge.
        let mut seen = vec![(u32::MAX, 0); self.clamps.len()];
        let mut repeated: Option<(u32, u32)> = None;
        for (node, range) in (0u32..).zip(start.windows(2)) {
            for &Incidence { edge, neighbour } in &incidences[range[0] as usize..range[1] as usize] {
                let (by, first) = std::mem::replace(&mut seen[neighbour.index()], (node, edge.0));
                if by == node && repeated.is_none_or(|(earliest, _)| edge.0 < earliest) {
                    repeated = Some((edge.0, first));
                }
            }
        }
        let Some((edge, first)) = repeated else { return Ok(()) };
        let [a, b] = self.edges[edge as usize].ends.map(|node| self.name_of(node));
        Err(NetworkError::DuplicateEdge { edge: edge as usize, first: first as usize, a, b })
    }

    /// The kind of every node, from the lists of ports.
    fn node_kinds(&self) -> Result<Vec<NodeKind>, NetworkError> {
        let mut kinds = vec![NodeKind::Hidden; self.clamps.len()];
        let ports = [("inputs", &self.inputs, NodeKind::Input), ("outputs", &self.outputs, NodeKind::Output)];
        for (list, ports, kind) in ports {
            for (index, &node) in ports.iter().enumerate() {
                let field = || format!("{list}[{index}]");
                match kinds.get_mut(node.index()) {
                    None => {
                        return Err(NetworkError::UnknownNode {
                            field: field(),
                            name: default_name(node.index()),
                        });
                    }
                    Some(slot @ NodeKind::Hidden) => *slot = kind,
                    Some(_) => {
                        return Err(NetworkError::DuplicatePort { field: field(), name: self.name_of(node) });
                    }
                }
            }
        }
        if let Some(&node) = self.inputs.iter().find(|n| self.clamps[n.index()] != DiodeClamp::default()) {
            return Err(NetworkError::ClampedInput { name: self.name_of(node) });
        }
        if self.inputs.is_empty() {
            return Err(NetworkError::NoInputs);
        }
        if self.outputs.is_empty() {
            return Err(NetworkError::NoOutputs);
        }
        Ok(kinds)
    }

    /// Incidences of all nodes, one node after another, and where each node's begin.
    fn incidences(&self) -> (Vec<u32>, Vec<Incidence>) {
        let mut start = vec![0u32; self.clamps.len() + 1];
        for node in self.edges.iter().flat_map(|e| e.ends) {
            start[node.index() + 1] += 1;
        }
        for i in 1..start.len() {
            start[i] += start[i - 1];
        }
        let mut next = start.clone();
        let mut list = vec![Incidence { edge: super::EdgeId(0), neighbour: NodeId(0) }; 2 * self.edges.len()];
        for (id, edge) in (0u32..).zip(&self.edges) {
            let [a, b] = edge.ends;
            for (node, neighbour) in [(a, b), (b, a)] {
                list[next[node.index()] as usize] = Incidence { edge: super::EdgeId(id), neighbour };
                next[node.index()] += 1;
            }
        }
        (start, list)
    }

    fn check_connected<'a>(
        &self,
        kinds: &[NodeKind],
        incidences: impl Fn(NodeId) -> &'a [Incidence],
    ) -> Result<(), NetworkError> {
        let mut reached = vec![false; kinds.len()];
        let mut stack = self.inputs.clone();
        while let Some(node) = stack.pop() {
            if !std::mem::replace(&mut reached[node.index()], true) {
                stack.extend(incidences(node).iter().map(|x| x.neighbour));
            }
        }
        let unreached = |node: &&NodeId| !reached[node.index()];
        if let Some(&output) = self.outputs.iter().find(unreached) {
            return Err(NetworkError::Disconnected { role: "output", name: self.name_of(output) });
        }
        match reached.iter().position(|r| !r) {
            Some(i) => {
                let name = self.node_names.get(i).cloned().unwrap_or_else(|| default_name(i));
                Err(NetworkError::Disconnected { role: "node", name })
            }
            None => Ok(()),
        }
    }
}

/// The farthest a coordinate may lie from zero: pictures compute with squares of distances.
const FARTHEST: f64 = 1e15;

/// What a node without a name is called.
pub(super) fn default_name(index: usize) -> String {
    format!("n{index}")
}

/// Conductances to begin from, all of them between 0 and 1; an empty list if none is given.
pub(super) fn checked_conductances(conductances: Vec<Option<f64>>) -> Result<Vec<Option<f64>>, NetworkError> {
    if conductances.iter().all(Option::is_none) {
        return Ok(Vec::new());
    }
    let outside = |given: &Option<f64>| given.is_some_and(|value| !(0.0..=1.0).contains(&value));
    match conductances.iter().position(outside) {
        Some(edge) => {
            Err(NetworkError::Conductance { edge, value: conductances[edge].unwrap_or_default().to_string() })
        }
        None => Ok(conductances),
    }
}

/// Index of the first item equal to an earlier one.
pub(super) fn first_repeat<T: Eq + std::hash::Hash>(items: impl IntoIterator<Item = T>) -> Option<usize> {
    let mut seen = std::collections::HashSet::new();
    items.into_iter().position(|item| !seen.insert(item))
}
