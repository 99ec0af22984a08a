//! Ports as Linux tells of them.

use super::access::access;
use super::{Access, Holder, Latency, Port, Usb};
use std::fs;
use std::path::{Path, PathBuf};

/// All ports that hang on USB, by name: `ttyUSB2` before `ttyUSB10`.
pub fn ports(root: &Path) -> Vec<Port> {
    let Ok(entries) = fs::read_dir(root.join("sys/class/tty")) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let described = names.map(|name| describe(root, &Path::new("/dev").join(name)));
    let mut ports: Vec<Port> = described.filter(|port| port.usb.is_some()).collect();
    ports.sort_by_key(|port| {
        let name = port.path.to_string_lossy().into_owned();
        (name.len(), name)
    });
    ports
}

/// The port at a path.
pub fn port(root: &Path, path: &Path) -> Port {
    let inside = path.strip_prefix("/").unwrap_or(path);
    let real = if path.is_absolute() { root.join(inside) } else { path.to_owned() };
    // Links lead to the node that /sys knows; the name that was given stays the one to open.
    let target = fs::canonicalize(&real).unwrap_or_else(|_| real.clone());
    let canonical_root = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let target =
        target.strip_prefix(&canonical_root).map_or(target.clone(), |inside| Path::new("/").join(inside));
    Port { path: path.to_owned(), ..describe(root, &target) }
}

/// What is known of a node of `/dev`.
fn describe(root: &Path, node: &Path) -> Port {
    let name = node.file_name().unwrap_or_default();
    let groups = fs::read_to_string(root.join("etc/group")).unwrap_or_default();
    let real = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
    let mut port = Port {
        path: node.to_owned(),
        usb: None,
        access: access(&real(node), &groups),
        usb_access: None,
        holder: holder(root, &real(node)),
        latency: None,
    };
    let Ok(device) = fs::canonicalize(root.join("sys/class/tty").join(name).join("device")) else {
        return port;
    };
    let latency = number(&device.join("latency_timer"), 10);
    let file = Path::new("/sys/bus/usb-serial/devices").join(name).join("latency_timer");
    port.latency = latency.map(|ms| Latency { file, ms });
    let mut interface = None;
    for folder in device.ancestors().take_while(|folder| folder.starts_with(root)) {
        interface = interface.or_else(|| number(&folder.join("bInterfaceNumber"), 16));
        let id = |name: &str| u16::try_from(number(&folder.join(name), 16)?).ok();
        if let (Some(vendor_id), Some(product_id)) = (id("idVendor"), id("idProduct")) {
            let said = |name: &str| text(&folder.join(name)).filter(|text| !text.is_empty());
            port.usb = Some(Usb {
                vendor_id,
                product_id,
                interface: interface.and_then(|number| u8::try_from(number).ok()),
                manufacturer: said("manufacturer"),
                product: said("product"),
                serial: said("serial"),
            });
            port.usb_access = usb_node(folder)
                .map(|node| access(&real(&node), &groups))
                .filter(|access| *access != Access::Absent);
            break;
        }
    }
    port
}

/// The node through which a program speaks to the USB device itself.
fn usb_node(folder: &Path) -> Option<PathBuf> {
    let (bus, device) = (number(&folder.join("busnum"), 10)?, number(&folder.join("devnum"), 10)?);
    Some(PathBuf::from(format!("/dev/bus/usb/{bus:03}/{device:03}")))
}

/// A process that has a file open, among those this user may look into.
fn holder(root: &Path, file: &Path) -> Option<Holder> {
    let file = fs::canonicalize(file).ok()?;
    let processes = fs::read_dir(root.join("proc")).ok()?.flatten();
    processes
        .filter_map(|process| {
            let pid: u32 = process.file_name().to_str()?.parse().ok()?;
            let mut open = fs::read_dir(process.path().join("fd")).ok()?.flatten();
            open.any(|descriptor| fs::read_link(descriptor.path()).is_ok_and(|target| target == file))
                .then(|| Holder { pid, name: text(&process.path().join("comm")).unwrap_or_default() })
        })
        .min_by_key(|holder| holder.pid)
}

/// A file of one line.
fn text(path: &Path) -> Option<String> {
    fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned())
}

fn number(path: &Path, radix: u32) -> Option<u32> {
    u32::from_str_radix(&text(path)?, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(name: &str) -> Board {
        name.parse().unwrap()
    }
    use crate::ports::{Guess, PortError, System};
    use std::os::unix::fs::symlink;
    use wheatstone_hdl::Board;

    /// A tree with a ULX3S on ttyUSB10, an FT2232H on ttyUSB0 and ttyUSB1, a modem on ttyACM0, and a port on no bus.
    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{text}\n")).unwrap();
        };
        let usb = "sys/devices/pci0000:00/0000:00:14.0/usb1";
        write(&format!("{usb}/idVendor"), "1d6b");
        write(&format!("{usb}/idProduct"), "0002");
        for (device, tty, interface, product_id, product, serial_bus) in [
            ("1-1", "ttyUSB10", 0, "6015", "ULX3S FPGA 85K v3.0.8", true),
            ("1-2", "ttyUSB0", 0, "6010", "iCEBreaker V1.0e", true),
            ("1-2", "ttyUSB1", 1, "6010", "iCEBreaker V1.0e", true),
            ("1-3", "ttyACM0", 0, "00fe", "a modem", false),
        ] {
            let folder = format!("{usb}/{device}");
            write(&format!("{folder}/idVendor"), "0403");
            write(&format!("{folder}/idProduct"), product_id);
            write(&format!("{folder}/product"), product);
            write(&format!("{folder}/serial"), &format!("K0{device}"));
            write(&format!("{folder}/busnum"), "1");
            write(&format!("{folder}/devnum"), "4");
            let at = format!("{folder}/{device}:1.{interface}");
            write(&format!("{at}/bInterfaceNumber"), &format!("0{interface}"));
            let tty_device = if serial_bus { format!("{at}/{tty}") } else { at };
            fs::create_dir_all(root.path().join(&tty_device)).unwrap();
            if serial_bus {
                write(&format!("{tty_device}/latency_timer"), "16");
            }
            let class = root.path().join("sys/class/tty").join(tty);
            fs::create_dir_all(&class).unwrap();
            symlink(root.path().join(&tty_device), class.join("device")).unwrap();
            write(&format!("dev/{tty}"), "");
        }
        write("dev/bus/usb/001/004", "");
        write("sys/devices/platform/serial8250/uevent", "");
        fs::create_dir_all(root.path().join("sys/class/tty/ttyS0")).unwrap();
        symlink(
            root.path().join("sys/devices/platform/serial8250"),
            root.path().join("sys/class/tty/ttyS0/device"),
        )
        .unwrap();
        write("dev/ttyS0", "");
        write("etc/group", "dialout:x:20:");
        root
    }

    #[test]
    fn ports_are_found_with_all_that_is_known_of_them() {
        let root = tree();
        let ports = System::at(root.path()).ports();
        let paths: Vec<&Path> = ports.iter().map(|port| port.path.as_path()).collect();
        assert_eq!(paths, ["/dev/ttyACM0", "/dev/ttyUSB0", "/dev/ttyUSB1", "/dev/ttyUSB10"].map(Path::new));
        let guesses: Vec<Guess> = ports.iter().map(Port::guess).collect();
        let ulx3s = Guess::Board(board("ulx3s-85f"));
        let icebreaker = Guess::Board(board("icebreaker"));
        assert_eq!(guesses, [Guess::Unknown, Guess::Programming, icebreaker, ulx3s]);
        let board = &ports[3];
        assert_eq!(board.usb.as_ref().unwrap().serial.as_deref(), Some("K01-1"));
        assert_eq!(board.usb.as_ref().unwrap().to_string(), "0403:6015");
        assert_eq!(board.usb_access, Some(Access::Allowed));
        let latency = board.latency.as_ref().unwrap();
        assert_eq!(latency.file, Path::new("/sys/bus/usb-serial/devices/ttyUSB10/latency_timer"));
        assert!(latency.limits() && latency.ms == 16);
        assert_eq!(ports[0].latency, None);
    }

    #[test]
    fn a_port_is_known_by_a_link_too() {
        let root = tree();
        let system = System::at(root.path());
        fs::create_dir_all(root.path().join("dev/serial/by-id")).unwrap();
        symlink("../../ttyUSB10", root.path().join("dev/serial/by-id/board")).unwrap();
        let port = system.port(Path::new("/dev/serial/by-id/board"));
        assert_eq!(port.path, Path::new("/dev/serial/by-id/board"));
        assert_eq!(port.guess(), Guess::Board(board("ulx3s-85f")));
        assert_eq!(system.port(Path::new("/dev/ttyS0")).guess(), Guess::Unknown);
        assert_eq!(system.port(Path::new("/dev/ttyUSB9")).access, Access::Absent);
    }

    #[test]
    fn urls_are_resolved() {
        let root = tree();
        let system = System::at(root.path());
        let resolve = |text: &str| system.resolve(&crate::device::SerialUrl::new(text));
        assert!(matches!(resolve(""), Err(PortError::Several { choices }) if choices.len() == 2));
        assert_eq!(resolve("/dev/ttyUSB1").unwrap().guess(), Guess::Board(board("icebreaker")));
        assert!(matches!(resolve("/dev/ttyUSB9"), Err(PortError::NoPort { .. })));
        fs::remove_dir_all(root.path().join("sys/class/tty/ttyUSB1")).unwrap();
        assert_eq!(resolve("").unwrap().path, Path::new("/dev/ttyUSB10"));
        assert_eq!(System::at(root.path().join("nothing")).ports(), Vec::new());
    }

    #[test]
    fn whoever_has_it_open_is_named() {
        let root = tree();
        let node = root.path().join("dev/ttyUSB10");
        for (pid, name) in [("77", "minicom"), ("self", "nobody")] {
            fs::create_dir_all(root.path().join(format!("proc/{pid}/fd"))).unwrap();
            fs::write(root.path().join(format!("proc/{pid}/comm")), format!("{name}\n")).unwrap();
            symlink(fs::canonicalize(&node).unwrap(), root.path().join(format!("proc/{pid}/fd/3"))).unwrap();
        }
        let port = System::at(root.path()).port(Path::new("/dev/ttyUSB10"));
        assert_eq!(port.holder, Some(Holder { pid: 77, name: "minicom".into() }));
    }
}
