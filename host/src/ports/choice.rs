//! The port that is used where none is named, and what stands in the way of using one.

use super::guess::{bridges, ids, listed};
use super::{Access, Denied, Holder, Port};
use crate::device::DeviceUrl;
use std::path::PathBuf;
use thiserror::Error;
use wheatstone_hdl::Board;
use wheatstone_hdl::board::Bridge;
use wheatstone_sim::categorize;

/// A port that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PortError {
    /// None may lead to a board.
    #[error(
        "no board was found: {}; looked for USB ids {}; plug one in, or name a port with serial:PATH",
        ports(others),
        looked_for()
    )]
    NoDevice {
        /// The ports there are, with what they seem to be.
        others: Vec<String>,
    },
    /// There is none at this path.
    #[error("{}: there is no such port; plug the board in, or see `wheatstone devices` for those there are", path.display())]
    NoPort {
        /// What was named.
        path: PathBuf,
    },
    /// More than one may.
    #[error("{} ports may lead to a board; name one with --device: {}", choices.len(), list(choices))]
    Several {
        /// What they are called, with what they seem to be.
        choices: Vec<(DeviceUrl, String)>,
    },
    /// This user may not use it.
    #[error("{}: this user may not read and write it ({denied})", path.display())]
    NoAccess {
        /// Path of the port.
        path: PathBuf,
        /// Why this user may not use it.
        denied: Denied,
    },
    /// Another process uses it.
    #[error("{}: {holder} has it open; end that program, or name another port", path.display())]
    Busy {
        /// Path of the port.
        path: PathBuf,
        /// The process that has it open.
        holder: Holder,
    },
}

categorize! {
    PortError {
        NoDevice: NoDevice, NoPort;
        BadInput: Several;
        NoAccess: NoAccess, Busy;
    }
}

fn ports(others: &[String]) -> String {
    match others {
        [] => "there is no serial port on USB".to_owned(),
        others => format!("the serial ports on USB are others ({})", others.join(", ")),
    }
}

/// The ids of boards' bridges, and the boards that have them.
fn looked_for() -> String {
    let of = |(vendor_id, product_id)| {
        let alike: Vec<(Board, &Bridge)> = bridges()
            .filter(|(_, bridge)| (bridge.vendor_id, bridge.product_id) == (vendor_id, product_id))
            .collect();
        let boards: Vec<Board> = alike.iter().map(|(board, _)| *board).collect();
        let interface = alike.iter().find_map(|(_, bridge)| bridge.interface);
        let interface = interface.map(|number| format!(" on interface {number}")).unwrap_or_default();
        format!("{vendor_id:04x}:{product_id:04x}{interface} ({})", listed(&boards))
    };
    ids().into_iter().map(of).collect::<Vec<_>>().join(", ")
}

fn list(choices: &[(DeviceUrl, String)]) -> String {
    choices.iter().map(|(url, guess)| format!("{url} ({guess})")).collect::<Vec<_>>().join(", ")
}

/// The only port that may lead to a board.
///
/// # Errors
/// [`PortError`] if there is none or more than one, or it cannot be used. Nothing is ever asked: a program without a
/// terminal must end in the same way.
pub fn choose(ports: &[Port]) -> Result<&Port, PortError> {
    let candidates: Vec<&Port> = ports.iter().filter(|port| port.guess().is_candidate()).collect();
    match candidates.as_slice() {
        [] => {
            let other = |port: &Port| format!("{}: {}", port.path.display(), port.guess());
            Err(PortError::NoDevice { others: ports.iter().map(other).collect() })
        }
        [port] => {
            usable(port)?;
            Ok(port)
        }
        several => {
            let choices = several.iter().map(|port| (port.url(), port.guess().to_string())).collect();
            Err(PortError::Several { choices })
        }
    }
}

/// Whether a port can be opened now.
///
/// # Errors
/// [`PortError`] if it is not there, this user may not use it, or somebody else does.
pub fn usable(port: &Port) -> Result<(), PortError> {
    let path = port.path.clone();
    match (&port.access, &port.holder) {
        (Access::Absent, _) => Err(PortError::NoPort { path }),
        (Access::Denied(denied), _) => Err(PortError::NoAccess { path, denied: denied.clone() }),
        (Access::Allowed, Some(holder)) => Err(PortError::Busy { path, holder: holder.clone() }),
        (Access::Allowed, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Usb;

    fn port(path: &str, product_id: u16, interface: u8) -> Port {
        let usb = Usb { vendor_id: 0x0403, product_id, interface: Some(interface), ..Usb::default() };
        Port {
            path: path.into(),
            usb: Some(usb),
            access: Access::Allowed,
            usb_access: None,
            holder: None,
            latency: None,
        }
    }

    #[test]
    fn the_only_candidate_is_taken() {
        let ports = [
            port("/dev/ttyUSB0", 0x6010, 0),
            port("/dev/ttyUSB1", 0x6010, 1),
            port("/dev/ttyUSB2", 0x6001, 0),
        ];
        assert_eq!(choose(&ports).unwrap().path, PathBuf::from("/dev/ttyUSB1"));
    }

    #[test]
    fn none_and_two_are_errors_that_name_what_there_is() {
        let message = choose(&[]).unwrap_err().to_string();
        assert!(message.contains("0403:6015") && message.contains("serial:PATH"), "{message}");
        let message = choose(&[port("/dev/ttyUSB7", 0x6001, 0)]).unwrap_err().to_string();
        assert!(message.contains("/dev/ttyUSB7: unknown"), "{message}");
        let two = [port("/dev/ttyUSB0", 0x6015, 0), port("/dev/ttyUSB2", 0x6010, 1)];
        let message = choose(&two).unwrap_err().to_string();
        for fragment in
            ["serial:/dev/ttyUSB0 (ulx3s-12f, ", "serial:/dev/ttyUSB2 (hx8k-evn or icebreaker)", "--device"]
        {
            assert!(message.contains(fragment), "{message}");
        }
    }

    #[test]
    fn a_candidate_in_the_way_of_others_is_named() {
        let denied = Denied { mode: 0o660, group: "dialout".into(), by_group: true, listed: false };
        let closed = Port { access: Access::Denied(denied), ..port("/dev/ttyUSB0", 0x6015, 0) };
        let message = choose(&[closed]).unwrap_err().to_string();
        assert!(message.contains("/dev/ttyUSB0") && message.contains("mode 660, group dialout"), "{message}");
        let holder = Holder { pid: 42, name: "minicom".into() };
        let busy = Port { holder: Some(holder), ..port("/dev/ttyUSB0", 0x6015, 0) };
        let message = choose(&[busy]).unwrap_err().to_string();
        assert!(message.contains("minicom (process 42)"), "{message}");
        let gone = Port { access: Access::Absent, ..port("/dev/ttyUSB0", 0x6015, 0) };
        assert!(matches!(choose(&[gone]), Err(PortError::NoPort { .. })));
    }
}
