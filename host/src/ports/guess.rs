//! Which board a port may lead to, by the ids and names in its USB bridge.

use super::Usb;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};
use wheatstone_hdl::Board;

/// A guess: only the board itself knows, and says so when it is asked over the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "guess", content = "board", rename_all = "snake_case")]
pub enum Guess {
    /// A ULX3S; which one if its bridge was named after it, as makers do.
    Ulx3s(#[serde(serialize_with = "name")] Option<Board>),
    /// An iCEBreaker.
    Icebreaker,
    /// An iCE40-HX8K-B-EVN.
    Hx8kEvn,
    /// Interface B of an FT2232H that is not named after a board: an iCEBreaker or an iCE40-HX8K-B-EVN.
    Ft2232h,
    /// Interface A of an FT2232H: bitstreams go through it, no serial line does.
    Programming,
    /// Something else.
    Unknown,
}

#[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn name<S: serde::Serializer>(board: &Option<Board>, serializer: S) -> Result<S::Ok, S::Error> {
    board.map(Board::name).serialize(serializer)
}

/// Guesses the board behind a bridge.
pub fn guess(usb: &Usb) -> Guess {
    let product = usb.product.as_deref().unwrap_or_default();
    match (usb.vendor_id, usb.product_id) {
        (0x0403, 0x6015) => Guess::Ulx3s(ulx3s(product)),
        (0x0403, 0x6010) if usb.interface == Some(0) => Guess::Programming,
        (0x0403, 0x6010) if product.to_ascii_lowercase().contains("icebreaker") => Guess::Icebreaker,
        // What Lattice programs into its own boards.
        (0x0403, 0x6010) if product.starts_with("Lattice") => Guess::Hx8kEvn,
        (0x0403, 0x6010) => Guess::Ft2232h,
        _ => Guess::Unknown,
    }
}

/// Boards leave the factory with names like `ULX3S FPGA 85K v3.0.8`.
fn ulx3s(product: &str) -> Option<Board> {
    let size = product.strip_prefix("ULX3S FPGA ")?.split_once('K')?.0;
    match size {
        "12" => Some(Board::Ulx3s12f),
        "25" => Some(Board::Ulx3s25f),
        "45" => Some(Board::Ulx3s45f),
        "85" => Some(Board::Ulx3s85f),
        _ => None,
    }
}

impl Guess {
    /// Whether a board may be at the other end of the line.
    pub fn is_candidate(self) -> bool {
        !matches!(self, Guess::Programming | Guess::Unknown)
    }
}

impl Display for Guess {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Guess::Ulx3s(None) => "ulx3s",
            Guess::Ulx3s(Some(board)) => board.name(),
            Guess::Icebreaker => Board::Icebreaker.name(),
            Guess::Hx8kEvn => Board::Hx8kEvn.name(),
            Guess::Ft2232h => "icebreaker or hx8k-evn",
            Guess::Programming => "for programming only",
            Guess::Unknown => "unknown",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boards_are_told_by_ids_interfaces_and_names() {
        let usb = |product_id, interface, product: &str| Usb {
            vendor_id: 0x0403,
            product_id,
            interface: Some(interface),
            product: Some(product.to_owned()),
            ..Usb::default()
        };
        for (usb, expected) in [
            (usb(0x6015, 0, "ULX3S FPGA 85K v3.0.8"), Guess::Ulx3s(Some(Board::Ulx3s85f))),
            (usb(0x6015, 0, "ULX3S FPGA 12K v3.1.4"), Guess::Ulx3s(Some(Board::Ulx3s12f))),
            (usb(0x6015, 0, "FT231X USB UART"), Guess::Ulx3s(None)),
            (usb(0x6010, 0, "iCEBreaker V1.0e"), Guess::Programming),
            (usb(0x6010, 1, "iCEBreaker V1.0e"), Guess::Icebreaker),
            (usb(0x6010, 1, "Lattice FTUSB Interface Cable"), Guess::Hx8kEvn),
            (usb(0x6010, 1, "Dual RS232-HS"), Guess::Ft2232h),
            (usb(0x6001, 0, "FT232R USB UART"), Guess::Unknown),
            (Usb { vendor_id: 0x10C4, product_id: 0xEA60, ..Usb::default() }, Guess::Unknown),
        ] {
            assert_eq!(guess(&usb), expected, "{usb:?}");
            let candidate = !matches!(expected, Guess::Programming | Guess::Unknown);
            assert_eq!(expected.is_candidate(), candidate);
        }
    }
}
