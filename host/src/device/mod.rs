//! Devices behind links: a board at the end of a line, its simulated gateware, a virtual board; and the URLs that name them.

mod error;
mod linked;
mod opening;
mod url;

pub use error::BoardError;
pub use linked::Linked;
pub use opening::{Around, BAD_CABLE, open};
pub use url::{DEFAULT_BAUD, DeviceUrl, SerialUrl, SimulatedArray, UrlError};
