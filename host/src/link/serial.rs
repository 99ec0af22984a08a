//! A serial port, real or pseudo.

use serialport::{ErrorKind, SerialPort, SerialPortType};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use wheatstone_link::{Transport, TransportError};

/// The longest a write may block before the port counts as failed.
const WRITE: Duration = Duration::from_secs(5);

/// A serial port. Nobody else can open it meanwhile.
pub struct SerialTransport {
    path: String,
    baud: u32,
    /// The USB serial number of the adapter, by which it is found again under another path.
    serial_number: Option<String>,
    /// Whether another program is at the other end. Its terminal's name may be another's as soon as nobody holds it, so that it is
    /// held to the end and never opened again.
    is_terminal: bool,
    port: Option<Box<dyn SerialPort>>,
    start: Instant,
}

impl SerialTransport {
    /// Opens a port: 8 data bits, no parity, one stop bit, no flow control.
    ///
    /// # Errors
    /// [`TransportError`] if there is none, or no access to it.
    pub fn open(path: &str, baud: u32) -> Result<SerialTransport, TransportError> {
        let mut transport = SerialTransport {
            path: path.to_owned(),
            baud,
            serial_number: serial_number(path),
            is_terminal: is_terminal(path),
            port: None,
            start: Instant::now(),
        };
        transport.port = Some(transport.open_port(path)?);
        Ok(transport)
    }

    /// Where it is.
    pub fn path(&self) -> &str {
        &self.path
    }

    fn open_port(&self, path: &str) -> Result<Box<dyn SerialPort>, TransportError> {
        let port = || path.to_owned();
        serialport::new(path, self.baud).open().map_err(|error| match error.kind() {
            ErrorKind::NoDevice if is_there(path) => {
                TransportError::NoAccess { port: port(), reason: error.to_string() }
            }
            ErrorKind::Io(io::ErrorKind::PermissionDenied | io::ErrorKind::ResourceBusy) => {
                TransportError::NoAccess { port: port(), reason: error.to_string() }
            }
            ErrorKind::NoDevice | ErrorKind::Io(io::ErrorKind::NotFound) => {
                TransportError::Gone { port: port() }
            }
            _ => self.error(error.into()),
        })
    }

    fn error(&self, source: io::Error) -> TransportError {
        let port = self.path.clone();
        match (is_gone(&source), self.is_terminal) {
            (true, true) => TransportError::Ended { port },
            (true, false) => TransportError::Gone { port },
            (false, _) => TransportError::Failed { port, source },
        }
    }

    fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let port = self.port.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        port.set_timeout(WRITE)?;
        port.write_all(bytes)
    }

    fn try_receive(&mut self, buffer: &mut [u8], time: Duration) -> io::Result<usize> {
        let port = self.port.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        port.set_timeout(time)?;
        match port.read(buffer) {
            // The end of a file is what a line that hung up looks like.
            Ok(0) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(error) if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => {
                Ok(0)
            }
            done => done,
        }
    }
}

impl Transport for SerialTransport {
    fn describe(&self) -> String {
        self.path.clone()
    }

    fn baud(&self) -> u32 {
        self.baud
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        self.try_send(bytes).map_err(|error| self.error(error))
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, TransportError> {
        let time = deadline.saturating_sub(self.now());
        self.try_receive(buffer, time).map_err(|error| self.error(error))
    }

    fn wait(&mut self, until: Duration) {
        std::thread::sleep(until.saturating_sub(self.now()));
    }

    fn reopen(&mut self) -> Result<(), TransportError> {
        if self.is_terminal {
            return Err(TransportError::Ended { port: self.path.clone() });
        }
        self.port = None;
        let moved = self.serial_number.as_deref().and_then(path_of);
        let path = moved.unwrap_or_else(|| self.path.clone());
        self.port = Some(self.open_port(&path)?);
        self.path = path;
        Ok(())
    }
}

/// Whether a path leads to a pseudo-terminal.
fn is_terminal(path: &str) -> bool {
    let path = Path::new(path).canonicalize().unwrap_or_else(|_| path.into());
    // Linux, the BSDs; macOS.
    path.starts_with("/dev/pts")
        || cfg!(target_os = "macos") && path.to_string_lossy().starts_with("/dev/ttys")
}

fn is_there(path: &str) -> bool {
    Path::new(path).exists()
}

/// A port that was plugged out.
fn is_gone(error: &io::Error) -> bool {
    const EIO_ENXIO_ENODEV: [i32; 3] = [5, 6, 19];
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected
            | io::ErrorKind::NotFound
            | io::ErrorKind::UnexpectedEof
    ) || cfg!(unix) && error.raw_os_error().is_some_and(|code| EIO_ENXIO_ENODEV.contains(&code))
}

/// The USB serial number of the adapter at a path.
fn serial_number(path: &str) -> Option<String> {
    usb_ports().find(|(found, _)| found == path).map(|(_, number)| number)
}

/// Where the adapter of that USB serial number is now.
fn path_of(number: &str) -> Option<String> {
    usb_ports().find(|(_, found)| found == number).map(|(path, _)| path)
}

fn usb_ports() -> impl Iterator<Item = (String, String)> {
    // Without this folder the library panics; a container may lack it.
    let listed = !cfg!(target_os = "linux") || is_there("/sys/class/tty");
    let ports = if listed { serialport::available_ports().unwrap_or_default() } else { Vec::new() };
    ports.into_iter().filter_map(|port| match port.port_type {
        SerialPortType::UsbPort(usb) => Some((port.port_name, usb.serial_number?)),
        _ => None,
    })
}
