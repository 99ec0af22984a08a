//! From the self-timed array to a bitstream with open tools, its timing proved after routing.
//!
//! An [`Order`] says what is to be built for which board; [`build`](build::build) takes it through the
//! [stages](Stage): Verilog, yosys, nextpnr, the check of relative timing, and the packer.

pub mod baked;
pub mod build;
pub mod cache;
mod chains;
pub mod check;
pub mod error;
pub mod layout;
pub mod manifest;
pub mod order;
pub mod padding;
mod placed;
mod rounds;
pub mod routed;
mod router_log;
pub mod sdf;
pub mod simulation;
pub mod stage;
pub mod timing;
pub mod toolchain;
mod trim;
pub mod twin;

pub use error::FlowError;
pub use order::Order;
pub use stage::Stage;

/// Where the array lies below the top module, in the names of routed cells.
const ARRAY: &str = "bordered_array.array.";
