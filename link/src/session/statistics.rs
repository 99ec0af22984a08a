//! What went over a link, counted.

use crate::transport::line_time;
use std::ops::Sub;
use std::time::Duration;

/// Counts since a [`Session`](super::Session) began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStatistics {
    /// Frames sent, those sent again included.
    pub frames_sent: u64,
    /// Whole replies received.
    pub frames_received: u64,
    /// Bytes sent, those of frames sent again included.
    pub bytes_sent: u64,
    /// Bytes received, damaged ones included.
    pub bytes_received: u64,
    /// Frames sent again.
    pub resent: u64,
    /// Times a reply stayed away.
    pub timeouts: u64,
    /// Frames received that were not whole.
    pub damaged: u64,
    /// Reads whose result was lost, asked anew.
    pub asked_anew: u64,
    /// Times the line was opened anew.
    pub reopened: u64,
    /// Sessions that were opened.
    pub sessions: u64,
}

impl LinkStatistics {
    /// How long all bytes together take on a line of that speed, one after the other. Both directions are added up, although they can
    /// be busy at once, and so this is the most the link can have cost.
    pub fn line_time(&self, baud: u32) -> Duration {
        line_time(self.bytes_sent + self.bytes_received, baud)
    }

    /// [`LinkStatistics::line_time`] as a part of the time spent training; infinite if that is zero.
    pub fn share_of(&self, training: Duration, baud: u32) -> f64 {
        self.line_time(baud).as_secs_f64() / training.as_secs_f64()
    }
}

/// What was counted since an earlier look.
impl Sub for LinkStatistics {
    type Output = LinkStatistics;

    fn sub(self, earlier: LinkStatistics) -> LinkStatistics {
        LinkStatistics {
            frames_sent: self.frames_sent - earlier.frames_sent,
            frames_received: self.frames_received - earlier.frames_received,
            bytes_sent: self.bytes_sent - earlier.bytes_sent,
            bytes_received: self.bytes_received - earlier.bytes_received,
            resent: self.resent - earlier.resent,
            timeouts: self.timeouts - earlier.timeouts,
            damaged: self.damaged - earlier.damaged,
            asked_anew: self.asked_anew - earlier.asked_anew,
            reopened: self.reopened - earlier.reopened,
            sessions: self.sessions - earlier.sessions,
        }
    }
}
