//! A virtual board behind a pseudo-terminal: a real serial port as far as any program can see, and a process of its own.

use super::serial::SerialTransport;
use serialport::{SerialPort, TTYPort};
use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use wheatstone_link::Board;
use wheatstone_link::{Transport, TransportError, line_time};
use wheatstone_sim::Engine;

/// How long the board sleeps when there is nothing to do.
const IDLE: Duration = Duration::from_millis(2);
/// How long it works on samples before it looks at the line again.
const WORK: Duration = Duration::from_millis(1);

/// A pseudo-terminal with nobody at its other end yet.
pub struct Pty {
    master: TTYPort,
    path: String,
}

/// How the line was used, on the throttle's own clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineUse {
    /// Bytes the board took.
    pub received: u64,
    /// Bytes the board sent.
    pub sent: u64,
    /// While the bytes it took were on the line.
    pub busy: Duration,
    /// While none were, between the first and the last of them.
    pub idle: Duration,
}

impl Pty {
    /// Opens a new one.
    ///
    /// # Errors
    /// If the system has none.
    pub fn open() -> io::Result<Pty> {
        let (master, slave) = TTYPort::pair()?;
        let path = slave.name().ok_or(io::ErrorKind::NotFound)?;
        // It is locked as long as it is held here, and nobody else could open it.
        drop(slave);
        Ok(Pty { master, path })
    }

    /// The serial port a program opens to talk to the board.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Serves a board until `stop` says so. With a baud, bytes reach the board no faster than on such a line.
    ///
    /// # Errors
    /// If the pseudo-terminal fails.
    pub fn serve<E: Engine>(
        mut self,
        board: &mut Board<E>,
        baud: u32,
        stop: impl Fn() -> bool,
    ) -> io::Result<LineUse> {
        let mut line = Throttle::new(baud);
        let mut buffer = [0; 256];
        while !stop() {
            let most = line.ready().min(buffer.len());
            let count = if most == 0 { 0 } else { self.read(&mut buffer[..most])? };
            line.take(count);
            let replies: Vec<u8> =
                buffer[..count].iter().filter_map(|&byte| board.receive(byte)).flatten().collect();
            self.write(&replies)?;
            line.usage.sent += replies.len() as u64;
            if board.is_running() {
                let begun = Instant::now();
                while board.work() && begun.elapsed() < WORK {}
            } else if count == 0 {
                std::thread::sleep(IDLE);
            }
        }
        Ok(line.usage)
    }

    /// What has come; nothing if nobody is at the other end.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.master.set_timeout(Duration::ZERO)?;
        match self.master.read(buffer) {
            Ok(count) => Ok(count),
            Err(error) if is_nothing(&error) => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Sends all, unless nobody takes it: a line loses such bytes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.master.set_timeout(Duration::from_secs(1))?;
        match self.master.write_all(bytes) {
            Err(error) if !is_nothing(&error) => Err(error),
            _ => Ok(()),
        }
    }
}

fn is_nothing(error: &io::Error) -> bool {
    const EIO: i32 = 5;
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::BrokenPipe | io::ErrorKind::Interrupted)
        || error.raw_os_error() == Some(EIO)
}

/// Lets through as many bytes as a line of some speed does.
#[derive(Debug)]
struct Throttle {
    baud: u32,
    /// When the last byte taken had come whole.
    until: Instant,
    usage: LineUse,
}

impl Throttle {
    fn new(baud: u32) -> Throttle {
        Throttle { baud, until: Instant::now(), usage: LineUse::default() }
    }

    /// How many bytes may have come by now, were they sent.
    fn ready(&self) -> usize {
        let Some(byte) = Some(line_time(1, self.baud)).filter(|byte| !byte.is_zero()) else {
            return usize::MAX;
        };
        let bytes = self.until.elapsed().as_nanos() / byte.as_nanos();
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    /// So many bytes came. If fewer could have come than time has gone by, the line was idle before.
    fn take(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        let time = line_time(count as u64, self.baud);
        // Bytes found when the board looks may have come since it looked last: that is no idleness.
        let idle = self.until.elapsed().saturating_sub(time + 2 * IDLE);
        if self.usage.received > 0 {
            self.usage.idle += idle;
        }
        self.usage.received += count as u64;
        self.usage.busy += time;
        self.until += if idle.is_zero() { time } else { self.until.elapsed() };
    }
}

/// A virtual board as a child process, and the transport to it.
pub struct PtyBoard {
    child: Child,
    transport: SerialTransport,
}

impl PtyBoard {
    /// Starts `program` with the arguments that make it serve a virtual board and print the path of its port.
    ///
    /// # Errors
    /// If it does not start, or prints no path of a port that can be opened.
    pub fn start<A: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = A>,
        baud: u32,
    ) -> Result<PtyBoard, TransportError> {
        let program = program.as_ref();
        let failed = |source| TransportError::Failed { port: program.display().to_string(), source };
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let opened =
            first_line(&mut child).map_err(failed).and_then(|path| SerialTransport::open(&path, baud));
        match opened {
            Ok(transport) => Ok(PtyBoard { child, transport }),
            Err(error) => {
                end(&mut child);
                Err(error)
            }
        }
    }
}

impl PtyBoard {
    /// Ends the board, as if it was plugged out for good.
    ///
    /// # Errors
    /// If the system cannot end it.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

fn first_line(child: &mut Child) -> io::Result<String> {
    let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    match line.trim_end() {
        "" => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it ended without naming its port")),
        path => Ok(path.to_owned()),
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself.
    drop(child.kill());
    drop(child.wait());
}

impl Drop for PtyBoard {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

impl Transport for PtyBoard {
    fn describe(&self) -> String {
        format!("the virtual board at {}", self.transport.describe())
    }

    fn baud(&self) -> u32 {
        self.transport.baud()
    }

    fn now(&self) -> Duration {
        self.transport.now()
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        self.transport.send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, TransportError> {
        self.transport.receive(buffer, deadline)
    }

    fn wait(&mut self, until: Duration) {
        self.transport.wait(until);
    }

    fn reopen(&mut self) -> Result<(), TransportError> {
        self.transport.reopen()
    }
}
