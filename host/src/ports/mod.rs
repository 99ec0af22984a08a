//! Serial ports: which there are, which of them may lead to a board, and what stands in the way of using them.
//!
//! On Linux everything is read from `/sys`, `/dev`, `/proc` and `/etc/group` without opening a port, because opening one
//! moves the modem lines of its bridge. Elsewhere the ports and their USB ids are what the system's own list says, and rights
//! are left to the attempt to open. Only ports on USB are listed; any other can still be named by its path.

#[cfg(target_os = "linux")]
mod access;
mod choice;
mod guess;
#[cfg(target_os = "linux")]
mod sysfs;

pub use choice::{PortError, choose, usable};
pub use guess::{Guess, guess};

use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};

use crate::device::{DeviceUrl, SerialUrl};
use wheatstone_hdl::Board;

/// The name of the file that [`udev_rules`] belong into. Rules that give rights to whoever sits at the machine must come before `73-`.
pub const UDEV_FILE: &str = "/etc/udev/rules.d/70-wheatstone.rules";

/// Who makes the bridges whose latency can be set.
const FTDI: u16 = 0x0403;

/// The USB ids of boards' bridges, as their files tell them: vendor and product.
pub fn bridge_ids() -> BTreeSet<(u16, u16)> {
    guess::ids()
}

/// Rules for udev: rights to the boards' bridges for their users, no probing by ModemManager, no waiting in the bridge.
pub fn udev_rules() -> String {
    let mut text = "# Wheatstone: the bridges of its boards. The first rule of a pair is for loading bitstreams, the second for the serial line.\n"
        .to_owned();
    for (vendor, product) in bridge_ids() {
        let boards: Vec<Board> = guess::bridges()
            .filter(|(_, bridge)| (bridge.vendor_id, bridge.product_id) == (vendor, product))
            .map(|(board, _)| board)
            .collect();
        let rights = "MODE=\"0660\", GROUP=\"dialout\", TAG+=\"uaccess\"";
        text += &format!(
            "# {}\n\
             SUBSYSTEM==\"usb\", ATTR{{idVendor}}==\"{vendor:04x}\", ATTR{{idProduct}}==\"{product:04x}\", {rights}\n\
             SUBSYSTEM==\"tty\", ATTRS{{idVendor}}==\"{vendor:04x}\", ATTRS{{idProduct}}==\"{product:04x}\", {rights}, ENV{{ID_MM_DEVICE_IGNORE}}=\"1\"\n",
            guess::listed(&boards),
        );
    }
    if bridge_ids().iter().any(|&(vendor, _)| vendor == FTDI) {
        text += "# A bridge that waits 16 ms for more bytes makes every short answer take 16 ms.\n\
                 ACTION==\"add\", SUBSYSTEM==\"usb-serial\", DRIVER==\"ftdi_sio\", ATTR{latency_timer}=\"1\"\n";
    }
    text
}

/// The operating system, as far as ports go.
#[derive(Clone, Debug)]
pub struct System {
    /// The folder that holds `sys`, `dev`, `proc` and `etc`.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "other systems have no such tree"))]
    root: PathBuf,
}

/// A serial port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Port {
    /// What to open.
    pub path: PathBuf,
    /// The USB device it belongs to, if it does.
    pub usb: Option<Usb>,
    /// Whether the port itself may be read and written.
    pub access: Access,
    /// Whether the USB device may be, which is what loading a bitstream needs; unknown where it has no node.
    pub usb_access: Option<Access>,
    /// A process that has it open, as far as this user may know.
    pub holder: Option<Holder>,
    /// How long its FTDI bridge waits for more bytes before it sends what it has; unknown for other bridges.
    pub latency: Option<Latency>,
}

/// A USB device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usb {
    /// Who made its bridge.
    pub vendor_id: u16,
    /// Which bridge it is.
    pub product_id: u16,
    /// Which of the device's interfaces, from 0, which FTDI calls A.
    pub interface: Option<u8>,
    /// As programmed into it.
    pub manufacturer: Option<String>,
    /// As programmed into it.
    pub product: Option<String>,
    /// As programmed into it.
    pub serial: Option<String>,
}

/// Whether a file may be read and written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "access", rename_all = "snake_case")]
pub enum Access {
    /// This user may read and write it.
    Allowed,
    /// It may not.
    Denied(Denied),
    /// It does not exist.
    Absent,
}

/// Why a file may not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Denied {
    /// Its permission bits.
    pub mode: u32,
    /// The name of its group, or its number if it has none.
    pub group: String,
    /// Whether the group may read and write it, so that joining it would help.
    pub by_group: bool,
    /// Whether this user is listed in the group already: only a new login is missing.
    pub listed: bool,
}

/// A process that has a port open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// Id of the process.
    pub pid: u32,
    /// Name of its program.
    pub name: String,
}

/// The latency timer of an FTDI bridge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// The file that sets it.
    pub file: PathBuf,
    /// Its value, 1 to 255.
    pub ms: u32,
}

impl Latency {
    /// Whether it slows the exchange of small frames down.
    pub fn limits(&self) -> bool {
        self.ms > 1
    }
}

impl Display for Usb {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vendor_id, self.product_id)
    }
}

impl Display for Holder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {})", self.name, self.pid)
    }
}

impl Display for Denied {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "mode {:03o}, group {}", self.mode, self.group)
    }
}

impl Port {
    /// Which board it may lead to.
    pub fn guess(&self) -> Guess {
        self.usb.as_ref().map_or(Guess::Unknown, guess)
    }

    /// How it is named on the command line.
    pub fn url(&self) -> DeviceUrl {
        DeviceUrl::Serial(SerialUrl::new(self.path.to_string_lossy()))
    }

    #[cfg(not(target_os = "linux"))]
    fn bare(path: PathBuf, usb: Option<Usb>) -> Port {
        Port { path, usb, access: Access::Allowed, usb_access: None, holder: None, latency: None }
    }
}

impl Default for System {
    fn default() -> System {
        System::new()
    }
}

impl System {
    /// The system this program runs on.
    pub fn new() -> System {
        System::at("/")
    }

    /// A tree that looks like one: tests have no boards.
    pub fn at(root: impl Into<PathBuf>) -> System {
        System { root: root.into() }
    }

    /// All serial ports on USB, by path.
    #[cfg(target_os = "linux")]
    pub fn ports(&self) -> Vec<Port> {
        sysfs::ports(&self.root)
    }

    /// All serial ports on USB, by path.
    #[cfg(not(target_os = "linux"))]
    pub fn ports(&self) -> Vec<Port> {
        let usb = |port: serialport::SerialPortInfo| match port.port_type {
            serialport::SerialPortType::UsbPort(usb) => {
                let usb = Usb {
                    vendor_id: usb.vid,
                    product_id: usb.pid,
                    interface: None,
                    manufacturer: usb.manufacturer,
                    product: usb.product,
                    serial: usb.serial_number,
                };
                Some(Port::bare(port.port_name.into(), Some(usb)))
            }
            _ => None,
        };
        let mut ports: Vec<Port> =
            serialport::available_ports().unwrap_or_default().into_iter().filter_map(usb).collect();
        ports.sort_by(|a, b| a.path.cmp(&b.path));
        ports
    }

    /// The port at a path, which may be a link such as those in `/dev/serial/by-id`.
    #[cfg(target_os = "linux")]
    pub fn port(&self, path: &Path) -> Port {
        sysfs::port(&self.root, path)
    }

    /// The port at a path.
    #[cfg(not(target_os = "linux"))]
    pub fn port(&self, path: &Path) -> Port {
        let listed = self.ports().into_iter().find(|port| port.path == path);
        listed.unwrap_or_else(|| Port::bare(path.to_owned(), None))
    }

    /// The port a URL names, checked: it is there, may be used, and nobody else uses it.
    ///
    /// # Errors
    /// [`PortError`] says what stands in the way.
    pub fn resolve(&self, url: &SerialUrl) -> Result<Port, PortError> {
        match url.path() {
            None => choose(&self.ports()).cloned(),
            Some(path) => {
                let port = self.port(Path::new(path));
                usable(&port)?;
                Ok(port)
            }
        }
    }
}
