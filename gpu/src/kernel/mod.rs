//! The same resistor network as one persistent kernel, equal to the model bit for bit.
//!
//! One workgroup is one network, a *replica*, and one dispatch trains it on many samples, one after the other in a given
//! order: voltages stay in workgroup memory meanwhile, conductances too where they fit. Replicas share design and
//! samples and differ in state and order, as seeds do; a device is filled by giving it enough of them.
//!
//! The text is specialised to a design. Integers of 64 bits, which WGSL lacks, are two words; currents, which are most of
//! the work, are summed in single words without rounding (`Split` in `plan.rs`). Bounds of buffers are checked at every
//! access, because leaving that out is not safe Rust; a hand-written kernel might save some of that time.

mod loops;
mod pace;
mod plan;
mod shader;
mod tables;
mod words;

#[cfg(test)]
mod arithmetic_tests;

pub use plan::Memory;

use crate::device::{Device, DeviceError};
use crate::{Adapter, Timing};
use loops::Loops;
use pace::Pace;
use plan::{Plan, small};
use std::sync::Arc;
use std::time::Instant;
use tables::Tables;
use thiserror::Error;
use wgpu::{BindGroup, Buffer, BufferUsages, ComputePipeline, Features, Limits};
use wheatstone_sim::engine::check_sample;
use wheatstone_sim::{
    Categorized, Configuration, ConfigurationError, Design, ErrorCategory, Sample, SampleError, State,
    StateError, Unsupported,
};

/// What a kernel cannot hold or was not given.
#[derive(Debug, Error)]
pub enum KernelError {
    /// The kernel computes plain designs.
    #[error(transparent)]
    Features(#[from] Unsupported),
    /// The design needs an order within a step.
    #[error("the network has {colours} colours, and this kernel runs up to {most}; use the model for it")]
    Colours {
        /// Of the network.
        colours: u8,
        /// That a kernel runs.
        most: u8,
    },
    /// The voltages do not fit.
    #[error(
        "the network's voltages need {needed} bytes of workgroup memory, and the adapter has {available}; use another \
         adapter or a smaller network"
    )]
    WorkgroupMemory {
        /// By the voltages, gains and partial sums.
        needed: u32,
        /// On the device.
        available: u32,
    },
    /// Too much for one buffer or one dispatch.
    #[error("{replicas} replicas need {found} {what}, and the adapter holds {most}; train fewer at a time")]
    Replicas {
        /// Asked for.
        replicas: usize,
        /// What there is too much of.
        what: &'static str,
        /// So much.
        found: u64,
        /// What the adapter holds.
        most: u64,
    },
    /// Nothing to train.
    #[error("a kernel without {what} trains nothing; give at least one")]
    None {
        /// `replicas` or `samples`.
        what: &'static str,
    },
    /// A list that has to have an entry for each replica.
    #[error("there are {found} {what} for {replicas} replicas; give one for each")]
    Count {
        /// `states` or `orders`.
        what: &'static str,
        /// In the list.
        found: usize,
        /// Of the kernel.
        replicas: usize,
    },
    /// Orders of different lengths.
    #[error(
        "the order of replica {replica} has {found} samples and that of replica 0 {expected}; make them equally long"
    )]
    Length {
        /// Whose order it is.
        replica: usize,
        /// Its length.
        found: usize,
        /// That of the first order.
        expected: usize,
    },
    /// An order names a sample that is not there.
    #[error("the order of replica {replica} names sample {found}, and there are {samples}; count from 0")]
    Order {
        /// Whose order it is.
        replica: usize,
        /// The sample it names.
        found: u32,
        /// Samples there are.
        samples: usize,
    },
    /// A state is not one of the design.
    #[error("replica {replica}: {source}")]
    State {
        /// Whose state it is.
        replica: usize,
        /// What is wrong with it.
        source: StateError,
    },
    /// A sample does not fit the design.
    #[error("sample {index}: {source}")]
    Sample {
        /// Which one.
        index: usize,
        /// What is wrong with it.
        source: SampleError,
    },
    /// More than an adapter in software does.
    #[error(
        "one sample of {steps} steps makes more rounds of loops than a software adapter goes; take fewer steps or a GPU"
    )]
    LongSample {
        /// Of the configuration.
        steps: u32,
    },
    /// The configuration is out of bounds.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The device failed.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

impl Categorized for KernelError {
    fn category(&self) -> ErrorCategory {
        match self {
            KernelError::Colours { .. }
            | KernelError::WorkgroupMemory { .. }
            | KernelError::Replicas { .. }
            | KernelError::None { .. }
            | KernelError::Count { .. }
            | KernelError::Length { .. }
            | KernelError::Order { .. }
            | KernelError::LongSample { .. } => ErrorCategory::BadInput,
            KernelError::Features(error) => error.category(),
            KernelError::State { source, .. } => source.category(),
            KernelError::Sample { source, .. } => source.category(),
            KernelError::Configuration(error) => error.category(),
            KernelError::Device(error) => error.category(),
        }
    }
}

/// Bytes of orders on the device at a time.
const ORDER_BYTES: usize = 64 << 20;

/// Replicas of one design on an adapter.
#[derive(Debug)]
pub struct NetworkKernel {
    device: Device,
    design: Arc<Design>,
    plan: Plan,
    samples: Vec<Sample>,
    /// At which accumulators each replica's inputs stand.
    inputs: Vec<Inputs>,
    pipeline: ComputePipeline,
    buffers: Buffers,
    /// Places for the order of one replica.
    order_capacity: usize,
    group: BindGroup,
    pace: Pace,
    /// In software, where they are limited.
    loops: Option<Loops>,
}

/// The kernel's buffers, in the order of their bindings.
#[derive(Debug)]
struct Buffers {
    run: Buffer,
    tables: Buffer,
    samples: Buffer,
    orders: Buffer,
    phases: Buffer,
    u: Buffer,
    k: Buffer,
    generators: Buffer,
}

impl Buffers {
    fn all(&self) -> [&Buffer; 8] {
        let Buffers { run, tables, samples, orders, phases, u, k, generators } = self;
        [run, tables, samples, orders, phases, u, k, generators]
    }
}

/// What a replica's inputs were set to last.
#[derive(Clone, Debug)]
enum Inputs {
    /// By the state it was given, by wave and port.
    State([Vec<i64>; 2]),
    /// By a sample.
    Sample(usize),
}

impl NetworkKernel {
    /// A kernel for one replica from each state, compiled and loaded.
    ///
    /// # Errors
    /// [`KernelError`] says what does not fit the design or the adapter, or what the device refused.
    pub fn new(
        adapter: &Adapter,
        design: Arc<Design>,
        samples: &[Sample],
        states: Vec<State>,
    ) -> Result<NetworkKernel, KernelError> {
        NetworkKernel::with_memory(adapter, design, samples, states, adapter.workgroup_memory())
    }

    /// [`NetworkKernel::new`], using at most so many bytes of workgroup memory, rounded down to what the adapter has. A
    /// device runs more workgroups side by side if each takes less.
    ///
    /// # Errors
    /// As [`NetworkKernel::new`].
    pub fn with_memory(
        adapter: &Adapter,
        design: Arc<Design>,
        samples: &[Sample],
        states: Vec<State>,
        bytes: u32,
    ) -> Result<NetworkKernel, KernelError> {
        if samples.is_empty() {
            return Err(KernelError::None { what: "samples" });
        }
        for (index, sample) in samples.iter().enumerate() {
            check_sample(&design, sample).map_err(|source| KernelError::Sample { index, source })?;
        }
        check_states(&design, &states)?;
        let mut limits = adapter.adapter.limits();
        limits.max_compute_workgroup_storage_size = bytes.min(limits.max_compute_workgroup_storage_size);
        let plan = Plan::new(&design, &limits)?;
        check_replicas(&plan, &limits, states.len())?;
        let device = Device::open(adapter, Features::empty())?;

        let tables = Tables::new(&design, &plan);
        let pipeline = device.pipeline("the kernel", &shader::text(&design, &plan, &tables))?;
        let sample_words: Vec<u32> = samples.iter().flat_map(words::of_sample).collect();
        let (words, inputs) = loaded(&design, &plan, &states);
        let buffers = Buffers {
            run: device.buffer("the run", 8, BufferUsages::UNIFORM | BufferUsages::COPY_DST)?,
            tables: device.filled("the graph", &tables.words)?,
            samples: device.filled("the samples", &sample_words)?,
            orders: device.filled("the orders", &[])?,
            phases: device.filled("the phases", &words.phases)?,
            u: device.filled("the voltages", &words.u)?,
            k: device.filled("the conductances", &words.k)?,
            generators: device.filled("the generators", &words.generators)?,
        };
        let group = device.bind("the bindings", &pipeline, &buffers.all())?;
        device.wait("while it was loaded")?;
        let samples = samples.to_vec();
        let pace = Pace::new();
        let loops = adapter.is_software().then(|| Loops::of(&design, &plan));
        Ok(NetworkKernel {
            device,
            design,
            plan,
            samples,
            inputs,
            pipeline,
            buffers,
            order_capacity: 0,
            group,
            pace,
            loops,
        })
    }

    /// Replicas that this adapter holds of that design at most; how many fill it only a measurement tells.
    ///
    /// # Errors
    /// [`KernelError`] if it holds none.
    pub fn most_replicas(adapter: &Adapter, design: &Design) -> Result<u32, KernelError> {
        let limits = adapter.adapter.limits();
        let plan = Plan::new(design, &limits)?;
        check_replicas(&plan, &limits, 1)?;
        let words = plan.replica_words().into_iter().max().unwrap_or(0).max(1) as u64;
        let by_memory = largest_buffer(&limits) / (4 * words);
        Ok(u32::try_from(by_memory).unwrap_or(u32::MAX).min(limits.max_compute_workgroups_per_dimension))
    }

    /// The design it runs.
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// Replicas it trains.
    pub fn replicas(&self) -> usize {
        self.inputs.len()
    }

    /// Where node accumulators and conductances are kept while samples are trained.
    pub fn memory(&self) -> (Memory, Memory) {
        (self.plan.u, self.plan.k)
    }

    /// Trains every replica on the samples that its order names, as [`Engine::train`](wheatstone_sim::Engine::train)
    /// does one after the other, and waits until the device is done.
    ///
    /// A single sample is never divided between dispatches: one of very many steps may run into a driver's watchdog.
    ///
    /// # Errors
    /// [`KernelError`] if configuration or orders are not valid, and then nothing is trained; or if the device failed,
    /// and then states are undefined.
    pub fn train(
        &mut self,
        configuration: Configuration,
        orders: &[Vec<u32>],
    ) -> Result<Timing, KernelError> {
        configuration.check()?;
        let length = self.check_orders(orders)?;
        let most = self.loops.map_or(u32::MAX, |loops| loops.samples(configuration));
        if most == 0 {
            return Err(KernelError::LongSample { steps: configuration.steps });
        }
        let mut timing = Timing::default();
        if length == 0 {
            return Ok(timing);
        }
        self.reserve_orders(length)?;
        let begin = Instant::now();
        for start in (0..length).step_by(self.order_capacity) {
            let end = length.min(start + self.order_capacity);
            let words: Vec<u32> = orders.iter().flat_map(|order| &order[start..end]).copied().collect();
            self.device.queue.write_buffer(&self.buffers.orders, 0, bytemuck::cast_slice(&words));
            timing.waits += self.train_segment(configuration, small(end - start), most)?;
        }
        timing.wall = begin.elapsed();
        timing.samples = (length * orders.len()) as u64;
        for (inputs, order) in self.inputs.iter_mut().zip(orders) {
            *inputs = Inputs::Sample(order[length - 1] as usize);
        }
        Ok(timing)
    }

    /// Trains on the orders that are on the device, at most so many samples a dispatch; returns how many dispatches it took.
    fn train_segment(
        &mut self,
        configuration: Configuration,
        length: u32,
        most: u32,
    ) -> Result<u64, KernelError> {
        let mut dispatches = 0;
        let mut done = 0;
        while done < length {
            let samples = self.pace.samples(configuration.steps, most.min(length - done));
            let run = words::of_run(configuration, done, samples, length);
            self.device.queue.write_buffer(&self.buffers.run, 0, bytemuck::cast_slice(&run));
            let begin = Instant::now();
            self.device.dispatch("training", &self.pipeline, &self.group, small(self.inputs.len()))?;
            self.pace.took(samples, configuration.steps, begin.elapsed());
            done += samples;
            dispatches += 1;
        }
        Ok(dispatches)
    }

    /// The states of all replicas.
    ///
    /// # Errors
    /// [`KernelError::Device`] if the device failed.
    pub fn states(&self) -> Result<Vec<State>, KernelError> {
        let replicas = self.inputs.len();
        let [u, k, generators] = self.plan.replica_words();
        let words = words::States {
            phases: self.device.read("the phases", &self.buffers.phases, replicas)?,
            u: self.device.read("the voltages", &self.buffers.u, replicas * u)?,
            k: self.device.read("the conductances", &self.buffers.k, replicas * k)?,
            generators: self.device.read(
                "the generators",
                &self.buffers.generators,
                replicas * generators,
            )?,
        };
        let state = |(replica, inputs): (usize, &Inputs)| match inputs {
            Inputs::State(inputs) => words.state(&self.design, &self.plan, replica, inputs),
            Inputs::Sample(sample) => {
                let voltages = &self.samples[*sample].inputs;
                let u: Vec<i64> =
                    voltages.iter().map(|&v| self.design.format().accumulator(v.into())).collect();
                words.state(&self.design, &self.plan, replica, &[u.clone(), u])
            }
        };
        Ok(self.inputs.iter().enumerate().map(state).collect())
    }

    /// Replaces the states of all replicas.
    ///
    /// # Errors
    /// [`KernelError`] unless there is a valid state for each; nothing is changed then.
    pub fn set_states(&mut self, states: &[State]) -> Result<(), KernelError> {
        if states.len() != self.inputs.len() {
            return Err(KernelError::Count {
                what: "states",
                found: states.len(),
                replicas: self.inputs.len(),
            });
        }
        check_states(&self.design, states)?;
        let (words, inputs) = loaded(&self.design, &self.plan, states);
        for (buffer, words) in [
            (&self.buffers.phases, &words.phases),
            (&self.buffers.u, &words.u),
            (&self.buffers.k, &words.k),
            (&self.buffers.generators, &words.generators),
        ] {
            self.device.queue.write_buffer(buffer, 0, bytemuck::cast_slice(words));
        }
        self.inputs = inputs;
        Ok(())
    }

    /// How long the orders are, which must be valid.
    fn check_orders(&self, orders: &[Vec<u32>]) -> Result<usize, KernelError> {
        if orders.len() != self.inputs.len() {
            return Err(KernelError::Count {
                what: "orders",
                found: orders.len(),
                replicas: self.inputs.len(),
            });
        }
        let (expected, samples) = (orders.first().map_or(0, Vec::len), self.samples.len());
        for (replica, order) in orders.iter().enumerate() {
            if order.len() != expected {
                return Err(KernelError::Length { replica, found: order.len(), expected });
            }
            if let Some(&found) = order.iter().find(|&&sample| sample as usize >= samples) {
                return Err(KernelError::Order { replica, found, samples });
            }
        }
        Ok(expected)
    }

    /// Makes room for orders of that length, or of as much of it as the device gets at a time.
    fn reserve_orders(&mut self, length: usize) -> Result<(), KernelError> {
        let replicas = self.inputs.len();
        let capacity = length.min((ORDER_BYTES / 4 / replicas).max(1));
        if capacity > self.order_capacity {
            let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST;
            self.buffers.orders = self.device.buffer("the orders", capacity * replicas, usage)?;
            self.group = self.device.bind("the bindings", &self.pipeline, &self.buffers.all())?;
            self.order_capacity = capacity;
        }
        Ok(())
    }
}

fn check_states(design: &Design, states: &[State]) -> Result<(), KernelError> {
    if states.is_empty() {
        return Err(KernelError::None { what: "replicas" });
    }
    for (replica, state) in states.iter().enumerate() {
        state.check(design).map_err(|source| KernelError::State { replica, source })?;
    }
    Ok(())
}

/// The words of states, and where their inputs stand.
fn loaded(design: &Design, plan: &Plan, states: &[State]) -> (words::States, Vec<Inputs>) {
    let mut words = words::States::default();
    let ports = design.network().inputs();
    let mut inputs = Vec::with_capacity(states.len());
    for state in states {
        words.push(plan, state);
        inputs.push(Inputs::State(
            [0, 1].map(|wave: usize| ports.iter().map(|n| state.u[wave][n.index()]).collect()),
        ));
    }
    (words, inputs)
}

fn largest_buffer(limits: &Limits) -> u64 {
    limits.max_storage_buffer_binding_size.min(limits.max_buffer_size)
}

fn check_replicas(plan: &Plan, limits: &Limits, replicas: usize) -> Result<(), KernelError> {
    let too_many = |what, found, most| KernelError::Replicas { replicas, what, found, most };
    let workgroups = limits.max_compute_workgroups_per_dimension;
    if replicas > workgroups as usize {
        return Err(too_many("workgroups", replicas as u64, workgroups.into()));
    }
    let bytes = 4 * replicas as u64 * plan.replica_words().into_iter().max().unwrap_or(0) as u64;
    if bytes > largest_buffer(limits) {
        return Err(too_many("bytes in one buffer", bytes, largest_buffer(limits)));
    }
    Ok(())
}
