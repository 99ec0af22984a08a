//! Which board a port may lead to, by the ids and names in its USB bridge, as the boards' files tell them.

use super::Usb;
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};
use wheatstone_hdl::Board;
use wheatstone_hdl::board::Bridge;

/// A guess: only the board itself knows, and says so when it is asked over the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "guess", content = "board", rename_all = "snake_case")]
pub enum Guess {
    /// This board: its bridge is named after it, as makers do, or no other board has one like it.
    Board(#[serde(serialize_with = "name")] Board),
    /// One of these: they have such a bridge, and it is not named after one of them.
    OneOf(#[serde(serialize_with = "names")] Vec<Board>),
    /// Another interface of a board's bridge: bitstreams go through it, no serial line does.
    Programming,
    /// Neither a board's adapter nor another that is known.
    Unknown,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn name<S: Serializer>(board: &Board, serializer: S) -> Result<S::Ok, S::Error> {
    board.name().serialize(serializer)
}

fn names<S: Serializer>(boards: &[Board], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(boards.iter().map(|board| board.name()))
}

/// All bridges of boards that are part of the program.
pub(super) fn bridges() -> impl Iterator<Item = (Board, &'static Bridge)> {
    let of = |&board: &Board| {
        board
            .description()
            .into_iter()
            .flat_map(move |description| description.usb.iter().map(move |bridge| (board, bridge)))
    };
    Board::all().iter().flat_map(of)
}

/// The USB ids of all these bridges, without the names.
pub(super) fn ids() -> BTreeSet<(u16, u16)> {
    bridges().map(|(_, bridge)| (bridge.vendor_id, bridge.product_id)).collect()
}

/// Guesses the board behind a bridge.
pub fn guess(usb: &Usb) -> Guess {
    let has_ids = |bridge: &Bridge| (bridge.vendor_id, bridge.product_id) == (usb.vendor_id, usb.product_id);
    let alike: Vec<(Board, &Bridge)> = bridges().filter(|(_, bridge)| has_ids(bridge)).collect();
    if alike.is_empty() {
        return Guess::Unknown;
    }
    // Where the interface is unknown it may be any.
    let has_line = |bridge: &Bridge| match (bridge.interface, usb.interface) {
        (Some(line), Some(interface)) => line == interface,
        _ => true,
    };
    let product = usb.product.as_deref().unwrap_or_default().to_ascii_lowercase();
    let is_named = |bridge: &Bridge| {
        bridge.product.as_ref().is_some_and(|named| product.contains(&named.to_ascii_lowercase()))
    };
    let with_line: Vec<(Board, &Bridge)> = alike.into_iter().filter(|(_, bridge)| has_line(bridge)).collect();
    let named: Vec<Board> =
        with_line.iter().filter(|(_, bridge)| is_named(bridge)).map(|(board, _)| *board).collect();
    let possible = if named.is_empty() { with_line.iter().map(|(board, _)| *board).collect() } else { named };
    match possible.as_slice() {
        [] => Guess::Programming,
        [board] => Guess::Board(*board),
        _ => Guess::OneOf(possible),
    }
}

impl Guess {
    /// Whether a board may be at the other end of the line.
    pub fn is_candidate(&self) -> bool {
        !matches!(self, Guess::Programming | Guess::Unknown)
    }
}

/// Names of boards as a sentence has them.
pub(super) fn listed(boards: &[Board]) -> String {
    match boards {
        [] => String::new(),
        [board] => board.to_string(),
        [others @ .., last] => {
            let others: Vec<&str> = others.iter().map(|board| board.name()).collect();
            format!("{} or {last}", others.join(", "))
        }
    }
}

impl Display for Guess {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Guess::Board(board) => f.write_str(board.name()),
            Guess::OneOf(boards) => f.write_str(&listed(boards)),
            Guess::Programming => f.write_str("for programming only"),
            Guess::Unknown => f.write_str("unknown"),
        }
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
        let other = |vendor_id, product_id| Usb { vendor_id, product_id, ..Usb::default() };
        for (usb, expected, candidate) in [
            (usb(0x6015, 0, "ULX3S FPGA 85K v3.0.8"), "ulx3s-85f", true),
            (usb(0x6015, 0, "ULX3S FPGA 12K v3.1.4"), "ulx3s-12f", true),
            (usb(0x6015, 0, "FT231X USB UART"), "ulx3s-12f, ulx3s-25f, ulx3s-45f or ulx3s-85f", true),
            (usb(0x6010, 0, "iCEBreaker V1.0e"), "for programming only", false),
            (usb(0x6010, 1, "iCEBreaker V1.0e"), "icebreaker", true),
            (usb(0x6010, 1, "Lattice FTUSB Interface Cable"), "hx8k-evn", true),
            (usb(0x6010, 1, "Dual RS232-HS"), "hx8k-evn or icebreaker", true),
            (usb(0x6001, 0, "FT232R USB UART"), "unknown", false),
            (other(0x1D50, 0x602B), "icesugar", true),
            (other(0x10C4, 0xEA60), "unknown", false),
        ] {
            let guess = guess(&usb);
            assert_eq!((guess.to_string().as_str(), guess.is_candidate()), (expected, candidate), "{usb:?}");
        }
    }
}
