//! Networks: built from lists, read from files, and as arrays.

use crate::arrays::{matrix, vector};
use crate::errors::OrRaise;
use numpy::{PyArray1, PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::PathBuf;
use wheatstone_learn::network_file::read_network;
use wheatstone_sim::network::formats::{self, GraphFormat, Ports};
use wheatstone_sim::network::{self, EdgeKind, NetworkBuilder, NodeId};
use wheatstone_sim::{Network as Graph, hex};

/// A valid graph with its ports; never changed once it is made.
#[pyclass(frozen, module = "wheatstone._core")]
pub struct Network {
    pub graph: Graph,
}

/// A value of an enumeration by the name that it has in files.
fn named<T: DeserializeOwned>(name: &str) -> PyResult<T> {
    serde_json::from_value(Value::String(name.to_owned()))
        .map_err(|error| PyValueError::new_err(error.to_string()))
}

/// The name that a value of an enumeration has in files.
fn name_of(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => name,
        _ => String::new(),
    }
}

fn ids(list: Vec<u32>) -> impl Iterator<Item = NodeId> {
    list.into_iter().map(NodeId)
}

fn indices(list: &[NodeId]) -> Vec<u32> {
    list.iter().map(|node| node.0).collect()
}

#[pymethods]
impl Network {
    /// From lists: nodes with their names and diodes, edges with their ends, kinds and groups.
    #[staticmethod]
    #[pyo3(signature = (name, nodes, clamps, ends, kinds, edge_groups, groups, inputs, outputs, positions, conductances))]
    #[expect(clippy::too_many_arguments, reason = "what a network is made of, for one caller")]
    fn build(
        name: &str,
        nodes: Vec<String>,
        clamps: Vec<String>,
        ends: PyReadonlyArray2<'_, u32>,
        kinds: Vec<String>,
        edge_groups: Vec<usize>,
        groups: Vec<(String, i8)>,
        inputs: Vec<u32>,
        outputs: Vec<u32>,
        positions: Option<PyReadonlyArray2<'_, f64>>,
        conductances: Option<PyReadonlyArray1<'_, f64>>,
    ) -> PyResult<Network> {
        let mut builder = NetworkBuilder::new(name);
        let groups: Vec<_> = groups.iter().map(|(name, alpha)| builder.group(name, *alpha)).collect();
        for (name, clamp) in nodes.into_iter().zip(&clamps) {
            builder.named_node(name, named(clamp)?);
        }
        for ((ends, kind), group) in ends.as_array().rows().into_iter().zip(&kinds).zip(edge_groups) {
            let group = groups.get(group).copied().unwrap_or(network::GroupId(u16::MAX));
            builder.edge(NodeId(ends[0]), NodeId(ends[1]), named(kind)?, group);
        }
        if let Some(positions) = positions {
            let positions = positions.as_array();
            builder.set_positions(positions.rows().into_iter().map(|at| [at[0], at[1]]).collect());
        }
        if let Some(conductances) = conductances {
            let given = conductances.as_array();
            builder.set_conductances(given.iter().map(|&g| (!g.is_nan()).then_some(g)).collect());
        }
        let graph = builder.inputs(ids(inputs)).outputs(ids(outputs)).build().or_raise()?;
        Ok(Network { graph })
    }

    /// Every input joined to every output.
    #[staticmethod]
    fn crossbar(inputs: usize, outputs: usize, edge: &str) -> PyResult<Network> {
        Ok(Network { graph: network::crossbar(inputs, outputs, named::<EdgeKind>(edge)?).or_raise()? })
    }

    /// Full layers with diodes on the hidden nodes.
    #[staticmethod]
    fn layered(sizes: Vec<usize>, edge: &str) -> PyResult<Network> {
        Ok(Network { graph: network::layered(&sizes, named(edge)?).or_raise()? })
    }

    /// A square lattice, nodes numbered row by row.
    #[staticmethod]
    fn lattice(
        rows: usize,
        columns: usize,
        inputs: Vec<u32>,
        outputs: Vec<u32>,
        boundary: &str,
        edge: &str,
    ) -> PyResult<Network> {
        let builder = network::lattice(rows, columns, named(boundary)?, named(edge)?);
        Ok(Network { graph: builder.inputs(ids(inputs)).outputs(ids(outputs)).build().or_raise()? })
    }

    /// Nine nodes and sixteen edges.
    #[staticmethod]
    fn pinwheel(inputs: Vec<u32>, outputs: Vec<u32>, edge: &str) -> PyResult<Network> {
        let builder = network::pinwheel(named(edge)?);
        Ok(Network { graph: builder.inputs(ids(inputs)).outputs(ids(outputs)).build().or_raise()? })
    }

    /// From a file in any format, with what was merged, scaled or left out.
    #[staticmethod]
    fn read(path: PathBuf, inputs: Vec<String>, outputs: Vec<String>) -> PyResult<(Network, Vec<String>)> {
        let read = read_network(&path, &Ports { inputs, outputs }).or_raise()?;
        Ok((Network { graph: read.network }, read.notes))
    }

    /// From a network file in JSON.
    #[staticmethod]
    fn from_json(text: &str) -> PyResult<Network> {
        Ok(Network { graph: Graph::from_json(text).or_raise()? })
    }

    /// The network file in JSON.
    fn to_json(&self) -> String {
        self.graph.to_json()
    }

    /// Its text in a format, by the name that `wheatstone convert` takes.
    fn write(&self, format: &str) -> PyResult<String> {
        let known = GraphFormat::ALL.into_iter().find(|known| known.name() == format);
        known.and_then(|format| formats::write(format, &self.graph)).ok_or_else(|| {
            let writable = GraphFormat::ALL.into_iter().filter(|known| *known != GraphFormat::Spice);
            let names: Vec<_> = writable.map(GraphFormat::name).collect();
            PyValueError::new_err(format!("there is no format `{format}`; there are {}", names.join(", ")))
        })
    }

    /// The same network with other learning shifts: one for each group, or one for all.
    fn with_alpha(&self, alpha: Vec<i8>) -> PyResult<Network> {
        Ok(Network { graph: self.graph.clone().with_alpha(&alpha).or_raise()? })
    }

    /// The same network with other conductances to begin from; NaN is drawn.
    fn with_conductances(&self, conductances: PyReadonlyArray1<'_, f64>) -> PyResult<Network> {
        let (given, edges) = (conductances.as_array(), self.graph.edges().len());
        if given.len() != edges {
            let found = given.len();
            return Err(PyValueError::new_err(format!(
                "conductances has the shape ({found},) and there are {edges} edges; give one for each"
            )));
        }
        let given = given.iter().map(|&g| (!g.is_nan()).then_some(g)).collect();
        Ok(Network { graph: self.graph.clone().with_conductances(given).or_raise()? })
    }

    /// Refuses a network with a circle of odd length, which the hardware cannot hold.
    fn require_bipartite(&self) -> PyResult<()> {
        self.graph.require_bipartite().or_raise()
    }

    #[getter]
    fn name(&self) -> &str {
        self.graph.name()
    }

    #[getter]
    fn nodes(&self) -> Vec<String> {
        self.graph.node_ids().map(|node| self.graph.node_name(node).into_owned()).collect()
    }

    #[getter]
    fn clamps(&self) -> Vec<String> {
        self.graph.nodes().iter().map(|node| name_of(node.clamp)).collect()
    }

    #[getter]
    fn ends<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<u32>>> {
        matrix(py, self.graph.edges().iter().flat_map(|edge| edge.ends.map(|node| node.0)).collect(), 2)
    }

    #[getter]
    fn kinds(&self) -> Vec<String> {
        self.graph.edges().iter().map(|edge| edge.kind.name().to_owned()).collect()
    }

    #[getter]
    fn edge_groups<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u16>> {
        vector(py, self.graph.edges().iter().map(|edge| edge.group.0).collect())
    }

    #[getter]
    fn groups(&self) -> Vec<(String, i8)> {
        self.graph.groups().iter().map(|group| (group.name.clone(), group.alpha)).collect()
    }

    #[getter]
    fn inputs<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u32>> {
        vector(py, indices(self.graph.inputs()))
    }

    #[getter]
    fn outputs<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u32>> {
        vector(py, indices(self.graph.outputs()))
    }

    #[getter]
    fn positions<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyArray2<f64>>>> {
        let places: Option<Vec<[f64; 2]>> =
            self.graph.node_ids().map(|node| self.graph.position(node)).collect();
        places.map(|places| matrix(py, places.concat(), 2)).transpose()
    }

    #[getter]
    fn conductances<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        let given = self.graph.edge_ids().map(|edge| self.graph.conductance(edge).unwrap_or(f64::NAN));
        vector(py, given.collect())
    }

    #[getter]
    fn digest(&self) -> String {
        hex::encode(&self.graph.digest())
    }
}
