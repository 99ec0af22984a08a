//! From the self-timed array to a bitstream with open tools, its timing proved after routing.
//!
//! A [`BuildSpec`] says what is to be built for which board; [`build`](build::build) takes it through the
//! [stages](Stage): Verilog, yosys, nextpnr, the check of relative timing, and the packer. [`closure`] decides with which delays and
//! which placement it is tried again until timing holds.
//!
//! # Example
//!
//! The smallest chip for an iCEBreaker. No tool runs here: the answers to the attempts are given by hand.
//!
//! ```
//! use std::sync::Arc;
//! use wheatstone_flow::BuildSpec;
//! use wheatstone_flow::closure::{AttemptOutcome, Closure, Next};
//! use wheatstone_flow::toolchain::Passes;
//! use wheatstone_hdl::delays::CellId;
//! use wheatstone_hdl::{ArrayOptions, Board, Multiplier};
//! use wheatstone_sim::network::{EdgeKind, crossbar};
//! use wheatstone_sim::{Design, Format, Nudge, Omega, Rules};
//!
//! let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
//! let design = Design::new(crossbar(2, 1, EdgeKind::Linear)?, Format::new(8, 4, 6, 8)?, rules)?;
//! let board: Board = "icebreaker".parse()?;
//! let spec = BuildSpec {
//!     name: "crossbar".to_owned(),
//!     design: Arc::new(design),
//!     board,
//!     array: ArrayOptions { technology: board.technology(), multiplier: Multiplier::Serial }.into(),
//!     island: board.island_options(),
//!     seed: 1,
//! };
//! let edge = CellId::Edge(0).matched();
//! let mut closure = Closure::new(spec.first_lengths()?, false, spec.seed, Passes::One);
//! let first = closure.attempt().lengths.get(edge).placed;
//!
//! // On the routed chip a request comes before its data: its matched delay gets two LUTs more.
//! let lengths = closure.attempt().lengths.clone();
//! let mut longer = lengths.clone();
//! longer.set(edge, first + 2);
//! let violated =
//!     AttemptOutcome::Routed { holds: Some(false), step_ps: None, lengths, advised: Some(longer), trimmed: None };
//! assert_eq!(closure.after(violated), Next::TryAgain);
//! assert_eq!((closure.attempt().round, closure.attempt().lengths.get(edge).placed), (2, first + 2));
//!
//! // The next chip holds.
//! let lengths = closure.attempt().lengths.clone();
//! let holds = AttemptOutcome::Routed { holds: Some(true), step_ps: None, lengths, advised: None, trimmed: None };
//! assert_eq!(closure.after(holds), Next::Accept);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With the tools installed, all of it is one call:
//!
//! ```no_run
//! # use wheatstone_flow::{BuildSpec, FlowError, build::{Means, Settings, build}};
//! # fn example(spec: BuildSpec) -> Result<(), FlowError> {
//! let means = Means::find(spec.board)?;
//! let settings = Settings::new("build/crossbar", "build/cache");
//! let built = build(&spec, &means, &settings, &mut |stage, round| println!("{round}: {stage}"), &|| false)?;
//! println!("{:?}", built.bitstream);
//! # Ok(())
//! # }
//! ```

pub mod annotated;
pub mod build;
pub mod cache;
pub mod check;
pub mod clocked_reference;
pub mod closure;
pub mod error;
pub mod layout;
pub mod manifest;
pub mod netlist;
pub mod routed;
mod router_log;
pub mod sdf;
pub mod simulation;
pub mod spec;
pub mod stage;
pub mod timing;
pub mod toolchain;

pub use error::FlowError;
pub use spec::BuildSpec;
pub use stage::Stage;
