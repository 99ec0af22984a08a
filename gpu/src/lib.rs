//! What the array is compared with on a graphics processor: the same resistor network as a compute kernel.
//!
//! [`NetworkKernel`] runs the cells of the contract (`docs/cell-contract.md`) on any adapter that Vulkan, Metal or
//! DirectX 12 reaches, equal to the model bit for bit. It returns states; how well they answer is asked of the model.
//!
//! What is measured is [`Timing`]: time on the wall, from the first command to an idle device. Energy is not measured here.
//! An adapter of kind [`AdapterKind::Software`] computes on the processor: its bits are as good as any, its timings say
//! nothing about a GPU. `docs/gpu.md` tells how to run this on a real one, and what has been tested where.
//!
//! ```no_run
//! use std::sync::Arc;
//! use wheatstone_gpu::{NetworkKernel, adapters};
//! use wheatstone_sim::network::{EdgeKind, crossbar};
//! use wheatstone_sim::{
//!     Configuration, Design, Format, Initial, LearningSchedule, Nudge, Omega, Rules, Sample, Sense, State, Target,
//! };
//!
//! let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
//! let design = Arc::new(Design::new(crossbar(2, 1, EdgeKind::Linear)?, Format::WIDE, rules)?);
//! let half = Target { voltage: 10_000, sense: Sense::Equal };
//! let samples = [Sample { inputs: vec![20_000, 0], targets: vec![Some(half)] }];
//! // Two replicas of a voltage divider, from different conductances.
//! let start = |seed| State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], seed);
//! let adapter = adapters()?.swap_remove(0);
//! let mut kernel = NetworkKernel::new(&adapter, Arc::clone(&design), &samples, vec![start(1), start(2)])?;
//! let configuration = Configuration { steps: 8, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
//! let timing = kernel.train(configuration, &[vec![0; 200], vec![0; 200]])?;
//! println!("{adapter}: {:?} us a sample", timing.microseconds_a_sample());
//! let learnt = kernel.states()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod adapter;
mod device;
pub mod kernel;
mod timing;

pub use adapter::{Adapter, AdapterError, AdapterKind, adapter_named, adapters};
pub use device::DeviceError;
pub use kernel::{KernelError, NetworkKernel};
pub use timing::Timing;
