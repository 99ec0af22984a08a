//! A circuit: a module brought to life as an activity-driven rust-hdl block.
//!
//! rust-hdl's own `update_all` walks the whole design until nothing changes. A self-timed array is idle almost
//! everywhere almost always, so this one wakes only the leaves whose inputs have changed: simulation costs what
//! switches, not what exists. [`Circuit::set_exhaustive`] gives rust-hdl's way back, to compare the two.

use crate::bus::{Bus, Direction};
use crate::kernel::Kernel;
use crate::leaf::Leaf;
use crate::module::Module;
use crate::recording::{Recorder, Recording};
use rust_hdl::prelude::{Block, Logic, Probe};
use std::collections::HashMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

/// Sees every change of a bus: the time in picoseconds, the bus with its new value.
pub type Observer = Box<dyn FnMut(u64, &Bus) + Send>;

/// A module that runs.
pub struct Circuit {
    module: Module,
    leaves: Vec<Arc<Leaf>>,
    paths: Vec<String>,
    kernel: Kernel,
    /// Leaves to look at, and whether each is among them already.
    woken: Vec<usize>,
    is_woken: Vec<bool>,
    /// Number of a watched bus, by its id.
    watched: HashMap<usize, usize>,
    rises: Vec<usize>,
    changed: bool,
    exhaustive: bool,
    events: u64,
    observer: Option<Observer>,
    recorder: Option<Recorder>,
}

impl Debug for Circuit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Circuit({} at {} ps)", self.module.name(), self.now_ps())
    }
}

impl Circuit {
    /// Brings a module to life at power-up: registers at their initial values, everything else about to respond.
    pub fn new(module: Module) -> Circuit {
        let (mut leaves, mut paths) = (Vec::new(), Vec::new());
        module.for_each_leaf(&mut |path, leaf| {
            paths.push(path.to_owned());
            leaves.push(Arc::clone(leaf));
        });
        for (index, leaf) in leaves.iter().enumerate() {
            leaf.power_up();
            leaf.sensitivity().iter().for_each(|bus| bus.listen(index));
        }
        for port in module.ports().iter().filter(|port| port.direction == Direction::Input) {
            port.bus.claim();
        }
        let (woken, is_woken) = ((0..leaves.len()).collect(), vec![true; leaves.len()]);
        Circuit {
            module,
            leaves,
            paths,
            kernel: Kernel::default(),
            woken,
            is_woken,
            watched: HashMap::new(),
            rises: Vec::new(),
            changed: false,
            exhaustive: false,
            events: 0,
            observer: None,
            recorder: None,
        }
    }

    /// The module it runs.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// All leaves with their paths.
    pub fn leaves(&self) -> impl Iterator<Item = (&str, &Leaf)> {
        self.paths.iter().map(String::as_str).zip(self.leaves.iter().map(Arc::as_ref))
    }

    /// Simulated time in picoseconds.
    pub fn now_ps(&self) -> u64 {
        self.kernel.now_ps()
    }

    /// How many changes of a bus have been simulated.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Whether every leaf is looked at in every delta cycle, as rust-hdl's derived blocks do.
    pub fn set_exhaustive(&mut self, exhaustive: bool) {
        self.exhaustive = exhaustive;
    }

    /// Imposes a value on an input.
    pub fn set(&mut self, bus: &Bus, value: i64) {
        if bus.set(value) {
            if let Some(recorder) = &mut self.recorder {
                recorder.imposed(self.kernel.now_ps(), bus);
            }
            self.changed(bus);
        }
    }

    /// Records from now on what is imposed and how the module's outputs respond. Whatever is on its way happens first.
    pub fn start_recording(&mut self) {
        self.quiesce(0);
        let leaves = self.paths.iter().map(String::as_str).zip(self.leaves.iter().map(Arc::as_ref));
        self.recorder = Some(Recorder::new(self.kernel.now_ps(), &self.module, leaves));
    }

    /// Ends the recording and returns it, if there is one. Whatever is on its way happens first.
    pub fn take_recording(&mut self) -> Option<Recording> {
        self.quiesce(0);
        self.recorder.take().map(|recorder| recorder.finish(self.kernel.now_ps()))
    }

    /// Reports rises of a bus through [`Circuit::rises`] under that number.
    pub fn watch(&mut self, bus: &Bus, number: usize) {
        self.watched.insert(bus.id(), number);
    }

    /// The watched buses that rose at the present time.
    pub fn rises(&self) -> &[usize] {
        &self.rises
    }

    /// Shows every change from now on to `observer`, or to nobody.
    pub fn observe(&mut self, observer: Option<Observer>) {
        self.observer = observer;
    }

    /// Moves time to the next change without letting it happen, for a simulator that calls `update_all` itself. False
    /// if nothing will change any more.
    pub fn advance_time(&mut self) -> bool {
        self.rises.clear();
        self.kernel.advance(u64::MAX)
    }

    /// Moves to the next time at which something changes, and lets it. False if nothing will until `limit_ps`.
    pub fn advance(&mut self, limit_ps: u64) -> bool {
        self.rises.clear();
        self.settle();
        if !self.kernel.advance(limit_ps) {
            return false;
        }
        self.settle();
        true
    }

    /// Lets everything happen that is due until `time_ps`, which then is the present.
    pub fn run_until(&mut self, time_ps: u64) {
        while self.advance(time_ps) {}
        self.kernel.pass(time_ps.saturating_sub(self.kernel.now_ps()));
    }

    /// Runs until nothing is on its way any more and lets `duration_ps` pass.
    pub fn quiesce(&mut self, duration_ps: u64) {
        while self.advance(u64::MAX) {}
        self.kernel.pass(duration_ps);
    }

    fn settle(&mut self) {
        loop {
            self.update_all();
            if !self.has_changed() {
                break;
            }
        }
    }

    fn changed(&mut self, bus: &Bus) {
        self.changed = true;
        self.events += 1;
        if let Some(observer) = &mut self.observer {
            observer(self.kernel.now_ps(), bus);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.responded(self.kernel.now_ps(), bus);
        }
        let (woken, is_woken) = (&mut self.woken, &mut self.is_woken);
        bus.for_each_listener(|leaf| {
            if !is_woken[leaf] {
                is_woken[leaf] = true;
                woken.push(leaf);
            }
        });
        if bus.val() == 1
            && let Some(&number) = self.watched.get(&bus.id())
        {
            self.rises.push(number);
        }
    }
}

impl Logic for Circuit {
    fn update(&mut self) {}
}

impl Block for Circuit {
    fn connect_all(&mut self) {}

    fn update_all(&mut self) {
        self.changed = false;
        while let Some(event) = self.kernel.take_due() {
            let leaf = Arc::clone(&self.leaves[event.leaf]);
            if let Some(bus) = leaf.apply(event.output, event.serial) {
                self.changed(bus);
            }
        }
        if self.exhaustive {
            for (index, leaf) in self.leaves.iter().enumerate() {
                leaf.respond(index, &self.kernel);
            }
        }
        while let Some(index) = self.woken.pop() {
            self.is_woken[index] = false;
            self.leaves[index].respond(index, &self.kernel);
        }
    }

    fn has_changed(&self) -> bool {
        self.changed
    }

    fn accept(&self, name: &str, probe: &mut dyn Probe) {
        self.module.accept(name, probe);
    }
}
