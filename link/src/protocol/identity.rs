//! Who a board is: which design it holds and how much it can keep.

use super::{SampleLayout, VERSION, u8_at, u16_at, u32_at};
use thiserror::Error;
use wheatstone_sim::{Design, Format, Unsupported, categorize, scan};

/// Most bytes of a network's name that are told.
const NAME_BYTES: usize = 16;

/// What `identify` answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Version of the protocol.
    pub version: u8,
    /// Requests that may be on their way at once.
    pub credits: u8,
    /// `V`, `GV`, `K`, `GK` of the format, in bits.
    pub widths: [u8; 4],
    /// Inputs of the network.
    pub inputs: u16,
    /// Outputs of the network.
    pub outputs: u16,
    /// Nodes of the network.
    pub nodes: u16,
    /// Edges of the network.
    pub edges: u16,
    /// Flip-flops in the scan chain.
    pub scan_bits: u32,
    /// Words of sample memory, a power of two.
    pub sample_words: u32,
    /// Words of order memory, a power of two.
    pub order_words: u16,
    /// Clock of the board in Hz; 0 for none.
    pub clock_hz: u32,
    /// Speed of its line in baud; 0 if there is no line.
    pub baud: u32,
    /// The design's digest.
    pub digest: [u8; 32],
    /// The network's name, perhaps cut.
    pub name: String,
}

/// A design or a setting that does not fit the protocol's numbers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LinkLimit {
    /// A number does not fit its field.
    #[error("the design has {value} {what}, and a board tells at most {most}; use a smaller network")]
    Count {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        value: usize,
        /// How many there may be.
        most: usize,
    },
    /// A setting does not fit its field.
    #[error("{field} = {value} is more than a board can be told; use at most 65535")]
    Setting {
        /// Which setting.
        field: &'static str,
        /// What was asked for.
        value: u32,
    },
    /// A board's cells are plain.
    #[error(transparent)]
    Features(#[from] Unsupported),
    /// A voltage does not fit a word.
    #[error("voltages of {v_bits} bits do not fit the 16-bit words of a board's memory; use v_bits <= 16")]
    Voltage {
        /// The format's width.
        v_bits: u32,
    },
}

categorize! {
    LinkLimit {
        inner: Features;
        BadInput: Count, Setting, Voltage;
    }
}

impl Identity {
    /// Length of the result.
    pub const BYTES: usize = 64 + NAME_BYTES;

    /// A board that holds `design`, with nothing said yet of its memories, clock and line.
    ///
    /// # Errors
    /// [`LinkLimit`] if a number does not fit its field.
    pub fn of(design: &Design) -> Result<Identity, LinkLimit> {
        let (network, format) = (design.network(), design.format());
        design.features().require_plain("a board")?;
        design.rules().nudge.require_drops("a board")?;
        if format.v_bits() > 16 {
            return Err(LinkLimit::Voltage { v_bits: format.v_bits() });
        }
        let count = |what, value: usize, most: usize| {
            if value <= most { Ok(value) } else { Err(LinkLimit::Count { what, value, most }) }
        };
        let sixteen = |what, value| {
            count(what, value, u16::MAX.into()).map(|value| u16::try_from(value).unwrap_or(u16::MAX))
        };
        // The chain is addressed by 16-bit numbers of bytes.
        let scan_bytes = count("bytes of state", scan::byte_length(design), 1 << 16);
        scan_bytes?;
        count("words a sample", SampleLayout::of(network).words(), u16::MAX.into())?;
        let width = |bits: u32| u8::try_from(bits).unwrap_or(u8::MAX);
        Ok(Identity {
            version: VERSION,
            credits: 1,
            widths: [format.v_bits(), format.v_guard(), format.k_bits(), format.k_guard()].map(width),
            inputs: sixteen("inputs", network.inputs().len())?,
            outputs: sixteen("outputs", network.outputs().len())?,
            nodes: sixteen("nodes", network.nodes().len())?,
            edges: sixteen("edges", network.edges().len())?,
            scan_bits: u32::try_from(scan::length(design)).unwrap_or(u32::MAX),
            sample_words: 0,
            order_words: 0,
            clock_hz: 0,
            baud: 0,
            digest: design.digest(),
            name: cut(network.name()).to_owned(),
        })
    }

    /// The format, if its widths are ones that can be.
    pub fn format(&self) -> Option<Format> {
        let [v, gv, k, gk] = self.widths.map(u32::from);
        Format::new(v, gv, k, gk).ok()
    }

    /// As the result of a reply.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.version, self.credits];
        bytes.extend(self.widths);
        for count in [self.inputs, self.outputs, self.nodes, self.edges] {
            bytes.extend(count.to_le_bytes());
        }
        bytes.extend(self.scan_bits.to_le_bytes());
        bytes.extend(self.sample_words.to_le_bytes());
        bytes.extend(self.order_words.to_le_bytes());
        bytes.extend(self.clock_hz.to_le_bytes());
        bytes.extend(self.baud.to_le_bytes());
        bytes.extend(self.digest);
        bytes.extend(cut(&self.name).as_bytes());
        bytes.resize(Identity::BYTES, 0);
        bytes
    }

    /// From the result of a reply; `None` if its length is another.
    pub fn from_bytes(bytes: &[u8]) -> Option<Identity> {
        if bytes.len() != Identity::BYTES {
            return None;
        }
        let name = bytes[64..].split(|&byte| byte == 0).next().unwrap_or_default();
        Some(Identity {
            version: u8_at(bytes, 0),
            credits: u8_at(bytes, 1),
            widths: [2, 3, 4, 5].map(|at| u8_at(bytes, at)),
            inputs: u16_at(bytes, 6),
            outputs: u16_at(bytes, 8),
            nodes: u16_at(bytes, 10),
            edges: u16_at(bytes, 12),
            scan_bits: u32_at(bytes, 14),
            sample_words: u32_at(bytes, 18),
            order_words: u16_at(bytes, 22),
            clock_hz: u32_at(bytes, 24),
            baud: u32_at(bytes, 28),
            digest: bytes[32..64].try_into().ok()?,
            name: String::from_utf8_lossy(name).into_owned(),
        })
    }
}

/// As much of a name as is told.
fn cut(name: &str) -> &str {
    let mut end = name.len().min(NAME_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use wheatstone_sim::network::{EdgeKind, crossbar};
    use wheatstone_sim::{Features, Nudge, Omega, Rules, Temperature};

    fn design(format: Format) -> Design {
        let rules =
            Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
        Design::new(crossbar(3, 2, EdgeKind::Linear).unwrap(), format, rules).unwrap()
    }

    #[test]
    fn every_field_comes_back() {
        let identity = Identity {
            credits: 8,
            sample_words: 0x0001_0000,
            order_words: 0x8000,
            clock_hz: 25_000_000,
            baud: 3_000_000,
            name: "résistances à cinq".to_owned(),
            ..Identity::of(&design(Format::COMPACT)).unwrap()
        };
        let back = Identity::from_bytes(&identity.to_bytes()).unwrap();
        assert_eq!(back, Identity { name: "résistances à ".to_owned(), ..identity });
        assert_eq!(back.format(), Some(Format::COMPACT));
    }

    #[test]
    fn a_board_has_no_features() {
        let features = Features { temperature: Some(Temperature(5)), ..Features::PLAIN };
        let error = Identity::of(&design(Format::COMPACT).with_features(features).unwrap()).unwrap_err();
        assert!(matches!(error, LinkLimit::Features(_)), "{error}");
    }

    #[test]
    fn a_board_learns_from_drops_in_two_waves() {
        let plain = design(Format::COMPACT);
        let rules = Rules { nudge: Nudge::Dithered { delta: 5 }, ..plain.rules() };
        let dithered = Design::new(plain.network().clone(), Format::COMPACT, rules).unwrap();
        let error = Identity::of(&dithered).unwrap_err();
        assert!(matches!(error, LinkLimit::Features(_)) && error.to_string().contains("dithered"), "{error}");
    }

    #[test]
    fn voltages_wider_than_a_word_are_refused() {
        let error = Identity::of(&design(Format::new(17, 8, 16, 16).unwrap())).unwrap_err();
        assert!(error.to_string().contains("17 bits"), "{error}");
    }
}
