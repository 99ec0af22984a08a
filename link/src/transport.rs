//! Transports: bytes to a board and back.

use std::io;
use std::time::Duration;
use thiserror::Error;
use wheatstone_sim::categorize;

/// A line to a board with bytes in both directions and a clock of its own, so that a transport in this process can run in
/// virtual time and nobody above it ever looks at the wall clock.
pub trait Transport {
    /// What it is, in a few words for people: its path, for example.
    fn describe(&self) -> String;

    /// Its speed in baud, ten bits a byte; 0 if bytes take no time.
    fn baud(&self) -> u32;

    /// The time now. It never goes back.
    fn now(&self) -> Duration;

    /// Takes bytes to be sent, all of them.
    ///
    /// # Errors
    /// [`TransportError`]; how many bytes went out is then unknown.
    fn send(&mut self, bytes: &[u8]) -> Result<(), TransportError>;

    /// Waits for bytes until `deadline` and says how many it put into `buffer`: at least one, or none at the deadline. What has
    /// come already is given at once, even if the deadline is past.
    ///
    /// # Errors
    /// [`TransportError`]
    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, TransportError>;

    /// Lets time pass until `until`, whether the board is there or not.
    fn wait(&mut self, until: Duration);

    /// Opens the line anew, after it was gone. Bytes that were on their way are lost.
    ///
    /// # Errors
    /// [`TransportError`], at once, if it is still gone.
    fn reopen(&mut self) -> Result<(), TransportError>;
}

/// What helps with a port that fails: what is no device at all cannot be plugged in again.
fn remedy(port: &str) -> &'static str {
    match std::fs::metadata(port) {
        Ok(there) if there.is_file() || there.is_dir() => {
            "this is no serial port; name one, `wheatstone devices` lists them"
        }
        _ => "pull the board's plug and put it in again",
    }
}

/// A transport that carries nothing.
#[derive(Debug, Error)]
pub enum TransportError {
    /// Nothing is there, or no longer.
    #[error("there is no {port}; plug the board in, or name the port it is at")]
    Gone {
        /// Where the board was looked for.
        port: String,
    },
    /// Its other end was a program, and that has ended: a terminal of the same name is another's.
    #[error(
        "the program at the other end of {port} has ended; start it again, and resume from the last checkpoint"
    )]
    Ended {
        /// Path of the terminal.
        port: String,
    },
    /// It is there, and not for us.
    #[error(
        "no access to {port} ({reason}); end the program that uses it, or become a member of the group that owns it (`dialout` on many systems) and log in again"
    )]
    NoAccess {
        /// Where the board was looked for.
        port: String,
        /// What the system says.
        reason: String,
    },
    /// The system fails.
    #[error("{port} fails: {source}; {}", remedy(port))]
    Failed {
        /// The port that fails.
        port: String,
        /// What the system says.
        source: io::Error,
    },
    /// What goes over a replayed transport is not what was recorded.
    #[error("line {line} of the recording has {expected}, and not {found}; if that is meant, record it anew")]
    Replay {
        /// Line of the recording, from 1.
        line: usize,
        /// What was recorded.
        expected: String,
        /// What was sent.
        found: String,
    },
}

categorize! {
    TransportError {
        NoDevice: Gone, Ended;
        NoAccess: NoAccess;
        Link: Failed, Replay;
    }
}

/// How long that many bytes take on a line of that speed.
pub fn line_time(bytes: u64, baud: u32) -> Duration {
    if baud == 0 { Duration::ZERO } else { Duration::from_nanos(bytes * 10_000_000_000 / u64::from(baud)) }
}

/// Name, speed and time of a transport around another one: those of `self.inner`.
macro_rules! as_inner {
    () => {
        fn describe(&self) -> String {
            self.inner.describe()
        }

        fn baud(&self) -> u32 {
            self.inner.baud()
        }

        fn now(&self) -> Duration {
            self.inner.now()
        }
    };
}
pub(crate) use as_inner;

macro_rules! forward {
    ($($transport:ty),*) => {$(
        impl<T: Transport + ?Sized> Transport for $transport {
            fn describe(&self) -> String {
                (**self).describe()
            }

            fn baud(&self) -> u32 {
                (**self).baud()
            }

            fn now(&self) -> Duration {
                (**self).now()
            }

            fn send(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
                (**self).send(bytes)
            }

            fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, TransportError> {
                (**self).receive(buffer, deadline)
            }

            fn wait(&mut self, until: Duration) {
                (**self).wait(until);
            }

            fn reopen(&mut self) -> Result<(), TransportError> {
                (**self).reopen()
            }
        }
    )*};
}

forward!(Box<T>, &mut T);
