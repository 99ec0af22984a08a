//! Names of devices: `sim:`, `pty:`, `rtl:folded`, `serial:/dev/ttyUSB0?baud=3000000`.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;
use thiserror::Error;
use wheatstone_sim::categorize;

/// Baud of a serial line where the URL says none. An FT231X divides its clock to it exactly, as the boards do theirs.
pub const DEFAULT_BAUD: u32 = 3_000_000;

/// The baud an FTDI bridge can be set to: the lowest of an FT231X, the highest of an FT2232H.
const BAUD: std::ops::RangeInclusive<u32> = 300..=12_000_000;

/// What a network is trained on, as `--device` names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum DeviceUrl {
    /// `sim:`, the model in this process.
    #[default]
    Sim,
    /// `pty:`, a virtual board in a process of its own, at the other end of a pseudo-terminal.
    Pty,
    /// `rtl:`, a simulation of the gateware.
    Rtl(SimulatedArray),
    /// `serial:...`, a board.
    Serial(SerialUrl),
}

/// Which array the simulated gateware has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SimulatedArray {
    /// `rtl:`, the spatial one if it can be, else the folded one.
    #[default]
    Either,
    /// `rtl:spatial`, one cell for every node and edge.
    Spatial,
    /// `rtl:folded`, tiles of lanes that walk memories.
    Folded,
}

impl SimulatedArray {
    /// What stands behind the colon.
    fn name(self) -> &'static str {
        match self {
            SimulatedArray::Either => "",
            SimulatedArray::Spatial => "spatial",
            SimulatedArray::Folded => "folded",
        }
    }
}

/// A serial line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SerialUrl {
    path: Option<String>,
    baud: u32,
}

impl SerialUrl {
    /// The line at a path with the default baud. An empty path is the one line that leads to a board.
    pub fn new(path: impl Into<String>) -> SerialUrl {
        SerialUrl { path: Some(path.into()).filter(|path| !path.is_empty()), baud: DEFAULT_BAUD }
    }

    /// The port, `/dev/ttyUSB0` or what the system calls it; `None` stands for the one port that may lead to a board.
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// Bits a second, 300 to 12,000,000.
    pub fn baud(&self) -> u32 {
        self.baud
    }
}

/// Text that names no device.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UrlError {
    /// Another scheme, or none.
    #[error(
        "`{text}` names no device; write sim: for the model, pty: for a virtual board, rtl: for a simulation of the \
         gateware, or serial:PATH for a board{}",
        hint(text)
    )]
    Scheme {
        /// The whole text.
        text: String,
    },
    /// Something behind a scheme that takes nothing.
    #[error("`{scheme}` takes nothing behind the colon, but there is `{rest}`; write {scheme}")]
    Rest {
        /// The scheme with its colon.
        scheme: &'static str,
        /// What stands behind the colon.
        rest: String,
    },
    /// An array that is none.
    #[error(
        "`{text}`: there is no array `{array}`; write rtl:spatial, rtl:folded, or rtl: for the one that can be"
    )]
    Array {
        /// The whole text.
        text: String,
        /// What stands behind the colon.
        array: String,
    },
    /// A path of blanks.
    #[error(
        "`{text}`: the path is blank; name a port, as in serial:/dev/ttyUSB0, or write serial: for the only one"
    )]
    Path {
        /// The whole text.
        text: String,
    },
    /// A parameter other than the baud.
    #[error(
        "`{text}`: there is no parameter `{parameter}`; the only one is baud, as in serial:/dev/ttyUSB0?baud=115200"
    )]
    Parameter {
        /// The whole text.
        text: String,
        /// What stands behind the question mark.
        parameter: String,
    },
    /// A baud that is none.
    #[error("`{text}`: the baud `{baud}` is not a whole number from {} to {}; correct it, or leave `?baud=` out", BAUD.start(), BAUD.end())]
    Baud {
        /// The whole text.
        text: String,
        /// What should be a number.
        baud: String,
    },
}

categorize! {
    UrlError {
        BadInput: Scheme, Rest, Array, Path, Parameter, Baud;
    }
}

/// A path alone is what people write first.
fn hint(text: &str) -> String {
    let path = text.starts_with('/') || text.starts_with("COM");
    if path { format!("; did you mean serial:{text}?") } else { String::new() }
}

impl FromStr for DeviceUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<DeviceUrl, UrlError> {
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(UrlError::Scheme { text: text.to_owned() });
        };
        let bare = |scheme, url| {
            if rest.is_empty() { Ok(url) } else { Err(UrlError::Rest { scheme, rest: rest.to_owned() }) }
        };
        match scheme {
            "sim" => bare("sim:", DeviceUrl::Sim),
            "pty" => bare("pty:", DeviceUrl::Pty),
            "rtl" => [SimulatedArray::Either, SimulatedArray::Spatial, SimulatedArray::Folded]
                .into_iter()
                .find(|array| array.name() == rest)
                .map(DeviceUrl::Rtl)
                .ok_or_else(|| UrlError::Array { text: text.to_owned(), array: rest.to_owned() }),
            "serial" => serial(text, rest).map(DeviceUrl::Serial),
            _ => Err(UrlError::Scheme { text: text.to_owned() }),
        }
    }
}

fn serial(text: &str, rest: &str) -> Result<SerialUrl, UrlError> {
    let text = || text.to_owned();
    // A path may hold question marks; the parameter is behind the last.
    let (path, parameter) = rest.rsplit_once('?').map_or((rest, None), |(path, rest)| (path, Some(rest)));
    let baud = match parameter {
        None => DEFAULT_BAUD,
        Some(parameter) => {
            let unknown = || UrlError::Parameter { text: text(), parameter: parameter.to_owned() };
            let baud = parameter.strip_prefix("baud=").ok_or_else(unknown)?;
            let digits = !baud.is_empty() && baud.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.then(|| baud.parse().ok()).flatten().filter(|baud| BAUD.contains(baud));
            number.ok_or_else(|| UrlError::Baud { text: text(), baud: baud.to_owned() })?
        }
    };
    if !path.is_empty() && path.trim().is_empty() {
        return Err(UrlError::Path { text: text() });
    }
    Ok(SerialUrl { baud, ..SerialUrl::new(path) })
}

impl Display for DeviceUrl {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            DeviceUrl::Sim => f.write_str("sim:"),
            DeviceUrl::Pty => f.write_str("pty:"),
            DeviceUrl::Rtl(array) => write!(f, "rtl:{}", array.name()),
            DeviceUrl::Serial(line) => {
                let path = line.path().unwrap_or_default();
                write!(f, "serial:{path}")?;
                if line.baud != DEFAULT_BAUD || path.contains('?') {
                    write!(f, "?baud={}", line.baud)?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn urls_are_read() {
        let read = |text: &str| text.parse::<DeviceUrl>();
        assert_eq!(read("sim:"), Ok(DeviceUrl::default()));
        assert_eq!(read("pty:"), Ok(DeviceUrl::Pty));
        assert_eq!(read("rtl:"), Ok(DeviceUrl::Rtl(SimulatedArray::Either)));
        assert_eq!(read("rtl:folded"), Ok(DeviceUrl::Rtl(SimulatedArray::Folded)));
        for (text, path, baud) in [
            ("serial:", None, DEFAULT_BAUD),
            ("serial:?baud=115200", None, 115_200),
            ("serial:/dev/ttyUSB0", Some("/dev/ttyUSB0"), DEFAULT_BAUD),
            ("serial:/dev/ttyUSB0?baud=9600", Some("/dev/ttyUSB0"), 9600),
            ("serial:/odd?path?baud=9600", Some("/odd?path"), 9600),
            ("serial:COM3", Some("COM3"), DEFAULT_BAUD),
        ] {
            let Ok(DeviceUrl::Serial(line)) = read(text) else { panic!("{text}") };
            assert_eq!((line.path(), line.baud()), (path, baud), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_is_refused_with_what_to_write() {
        for (text, fragments) in [
            ("", ["sim:", "pty:", "rtl:", "serial:"].as_slice()),
            ("simulation", &["`simulation`", "sim:"]),
            ("usb:1-1", &["`usb:1-1`", "serial:"]),
            ("/dev/ttyUSB1", &["did you mean serial:/dev/ttyUSB1?"]),
            ("sim:model", &["`model`", "write sim:"]),
            ("serial:  ", &["blank", "serial:/dev/ttyUSB0"]),
            ("serial:/dev/ttyUSB0?speed=3", &["`speed=3`", "baud"]),
            ("serial:/dev/ttyUSB0?baud=", &["``", "300"]),
            ("serial:/dev/ttyUSB0?baud=+9600", &["`+9600`"]),
            ("serial:/dev/ttyUSB0?baud=fast", &["`fast`", "12000000"]),
            ("serial:/dev/ttyUSB0?baud=299", &["`299`"]),
            ("serial:/dev/ttyUSB0?baud=99999999999", &["`99999999999`"]),
        ] {
            let message = text.parse::<DeviceUrl>().unwrap_err().to_string();
            for fragment in fragments {
                assert!(message.contains(fragment), "{text}: no `{fragment}` in: {message}");
            }
        }
    }

    fn url() -> impl Strategy<Value = DeviceUrl> {
        let path = prop::option::of("[!-~][ -~?]{0,30}");
        // The default is not printed, unless the path needs it.
        let baud = prop_oneof![Just(DEFAULT_BAUD), BAUD];
        let serial = (path, baud).prop_map(|(path, baud)| DeviceUrl::Serial(SerialUrl { path, baud }));
        prop_oneof![
            Just(DeviceUrl::Sim),
            Just(DeviceUrl::Pty),
            Just(DeviceUrl::Rtl(SimulatedArray::Spatial)),
            serial
        ]
    }

    proptest! {
        #[test]
        fn a_url_reads_back_as_itself(url in url()) {
            prop_assert_eq!(url.to_string().parse(), Ok(url));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC{0,40}", serial in any::<bool>()) {
            let text = if serial { format!("serial:{text}") } else { text };
            if let Ok(url) = text.parse::<DeviceUrl>() {
                prop_assert_eq!(url.to_string().parse(), Ok(url));
            }
        }
    }
}
