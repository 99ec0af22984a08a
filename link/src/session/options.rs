//! How long a session waits, and when it gives up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How long a [`Session`](super::Session) waits, and when it gives up.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// Added to the time the bytes themselves take, before a reply counts as lost: what the operating system, a USB
    /// bridge and the board need. It doubles when one stays away, up to sixteen times.
    pub allowance: Duration,
    /// How long the board may be silent.
    pub patience: Duration,
    /// How long the line may be gone.
    pub absence: Duration,
    /// How long a board that answers may be at one sample.
    pub stuck: Duration,
    /// Where the numbers of sessions begin; programs that run one after the other had better begin at different places.
    pub salt: u8,
    /// Says whether somebody asked to stop, which ends waiting.
    pub stop: Stop,
}

impl Default for SessionOptions {
    fn default() -> Self {
        SessionOptions {
            allowance: Duration::from_millis(50),
            patience: Duration::from_secs(5),
            absence: Duration::from_secs(30),
            stuck: Duration::from_secs(60),
            salt: 0,
            stop: Stop::default(),
        }
    }
}

/// Says whether somebody asked to stop. It ends waiting for a board that is silent or gone; a board that answers is talked to
/// as before, so that its state can be saved.
#[derive(Clone, Default)]
pub struct Stop(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Stop {
    /// Asks that function.
    pub fn when(requested: impl Fn() -> bool + Send + Sync + 'static) -> Stop {
        Stop(Some(Arc::new(requested)))
    }

    /// Whether somebody asked.
    pub fn is_requested(&self) -> bool {
        self.0.as_ref().is_some_and(|requested| requested())
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stop").field(&self.is_requested()).finish()
    }
}
