//! How long something took.

use std::time::Duration;

/// What a stretch of training took, measured by the clock on the wall from before its first command to a device that is
/// idle again: transfers of the order in which samples are shown, launches and waiting included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// The time.
    pub wall: Duration,
    /// Samples trained, over all replicas.
    pub samples: u64,
    /// Times the device was waited for.
    pub waits: u64,
}

impl Timing {
    /// Microseconds a sample, over all replicas; `None` where nothing was trained.
    pub fn microseconds_a_sample(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "more than 2^52 samples take years")]
        let samples = self.samples as f64;
        (self.samples > 0).then(|| self.wall.as_secs_f64() * 1e6 / samples)
    }
}
