//! Modules: named groups of leaves and smaller modules, and the wires between them.
//!
//! A module holds no behaviour of its own. Its parts share [`Bus`]es; a module only remembers what each bus is called
//! inside it. The array is a module of cells, a cell a module of leaves.

use crate::bus::{Bus, Direction, Port, Shape};
use crate::delays::CellId;
use crate::leaf::{Leaf, LeafBlock};
use rust_hdl::prelude::{Block, Logic, Probe};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A part of a module.
#[derive(Clone, Debug)]
pub enum Part {
    /// A leaf, which computes.
    Leaf(LeafBlock),
    /// Something that consists of parts.
    Module(Module),
}

/// A named group of parts and the wires between them.
#[derive(Clone, Debug)]
pub struct Module {
    name: String,
    summary: String,
    ports: Vec<Port>,
    parts: Vec<(String, Part)>,
}

impl Module {
    /// An empty module; `summary` is its comment in Verilog.
    pub fn new(name: impl Into<String>, summary: impl Into<String>) -> Module {
        Module { name: name.into(), summary: summary.into(), ports: Vec::new(), parts: Vec::new() }
    }

    /// Names a bus as an input.
    pub fn input(&mut self, name: impl Into<String>, bus: &Bus) {
        self.ports.push(Port::new(name, Direction::Input, bus));
    }

    /// Names a bus as an output.
    pub fn output(&mut self, name: impl Into<String>, bus: &Bus) {
        self.ports.push(Port::new(name, Direction::Output, bus));
    }

    /// A new bus known only inside.
    pub fn wire(&mut self, name: impl Into<String>, shape: Shape) -> Bus {
        let bus = Bus::new(shape);
        self.ports.push(Port::new(name, Direction::Local, &bus));
        bus
    }

    /// Names a bus that parts of the module share.
    pub fn local(&mut self, name: impl Into<String>, bus: &Bus) {
        self.ports.push(Port::new(name, Direction::Local, bus));
    }

    /// A new bus known only inside that must stay off the global buffers.
    pub fn noglobal_wire(&mut self, name: impl Into<String>, shape: Shape) -> Bus {
        let bus = self.wire(name, shape);
        if let Some(port) = self.ports.last_mut() {
            port.noglobal = true;
        }
        bus
    }

    /// Adds a leaf.
    ///
    /// # Panics
    /// If something else already drives one of its outputs.
    pub fn leaf(&mut self, name: impl Into<String>, leaf: Leaf) {
        let name = name.into();
        for port in leaf.outputs() {
            assert!(
                port.bus.claim(),
                "{}.{name}.{} drives a bus that is driven already",
                self.name,
                port.name
            );
        }
        self.parts.push((name, Part::Leaf(LeafBlock(Arc::new(leaf)))));
    }

    /// Adds a module.
    pub fn module(&mut self, name: impl Into<String>, module: Module) {
        self.parts.push((name.into(), Part::Module(module)));
    }

    /// Its name, which stands for what it is: equal modules are emitted once.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One line on what it is.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// Ports and wires, in the order they were named.
    pub fn ports(&self) -> &[Port] {
        &self.ports
    }

    /// The port or wire of that name.
    pub fn port(&self, name: &str) -> Option<&Port> {
        self.ports.iter().find(|port| port.name == name)
    }

    /// Its parts with their names.
    pub fn parts(&self) -> &[(String, Part)] {
        &self.parts
    }

    /// Its parts that are cells of an array.
    pub fn cells(&self) -> BTreeMap<CellId, &Module> {
        let cells = self.parts.iter().filter_map(|(name, part)| match part {
            Part::Module(cell) => Some((name.parse().ok()?, cell)),
            Part::Leaf(_) => None,
        });
        cells.collect()
    }

    /// The part of that name, if it is a module.
    pub fn submodule(&self, name: &str) -> Option<&Module> {
        self.parts.iter().find_map(|(n, part)| match part {
            Part::Module(module) if n == name => Some(module),
            _ => None,
        })
    }

    /// Visits every leaf below, with its path in Verilog's notation.
    pub fn for_each_leaf(&self, visit: &mut impl FnMut(&str, &Arc<Leaf>)) {
        self.walk("", visit);
    }

    fn walk(&self, prefix: &str, visit: &mut impl FnMut(&str, &Arc<Leaf>)) {
        for (name, part) in &self.parts {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            match part {
                Part::Leaf(LeafBlock(leaf)) => visit(&path, leaf),
                Part::Module(module) => module.walk(&path, visit),
            }
        }
    }
}

impl Logic for Module {
    fn update(&mut self) {}
}

impl Block for Module {
    fn connect_all(&mut self) {}
    fn update_all(&mut self) {}
    fn has_changed(&self) -> bool {
        false
    }
    fn accept(&self, name: &str, probe: &mut dyn Probe) {
        probe.visit_start_scope(name, self);
        for port in &self.ports {
            port.accept(&port.name, probe);
        }
        for (name, part) in &self.parts {
            match part {
                Part::Leaf(leaf) => leaf.accept(name, probe),
                Part::Module(module) => module.accept(name, probe),
            }
        }
        probe.visit_end_scope(name, self);
    }
}
