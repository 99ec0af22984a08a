//! Where a stretch of training is: epoch, place, and the offset that falls as epochs end.

use wheatstone_learn::device::Stretch;
use wheatstone_link::protocol::Run;
use wheatstone_sim::epoch_order;

/// A board counts the epochs of a run in 16 bits; a run of fewer epochs never comes near their end.
const MOST_EPOCHS: u64 = 30_000;

/// What is left of a stretch.
#[derive(Clone, Copy, Debug)]
pub struct StretchCursor {
    /// Samples in an epoch.
    samples: usize,
    seed: u64,
    epoch: u32,
    place: usize,
    left: u64,
    alpha_offset: u8,
    until_fall: Option<u32>,
    fall_every: u32,
}

impl StretchCursor {
    /// At the beginning of a stretch over that many samples.
    pub fn new(stretch: &Stretch, samples: usize) -> StretchCursor {
        let mut cursor = StretchCursor {
            samples,
            seed: stretch.seed,
            epoch: stretch.epoch,
            place: stretch.place as usize,
            left: if samples == 0 { 0 } else { stretch.count },
            alpha_offset: stretch.configuration.alpha_offset,
            until_fall: stretch.first_fall,
            fall_every: stretch.fall_every,
        };
        cursor.end_epochs();
        cursor
    }

    /// Samples that are left.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// Samples that are left in the present epoch.
    pub fn left_in_epoch(&self) -> u64 {
        self.left.min((self.samples - self.place) as u64)
    }

    /// That many samples are trained.
    pub fn advance(&mut self, trained: u64) {
        self.left = self.left.saturating_sub(trained);
        self.place += usize::try_from(trained).unwrap_or(usize::MAX);
        self.end_epochs();
    }

    fn end_epochs(&mut self) {
        while self.samples > 0 && self.place >= self.samples {
            self.place -= self.samples;
            self.epoch = self.epoch.wrapping_add(1);
            self.until_fall = self.until_fall.map(|epochs| epochs.saturating_sub(1));
            if self.until_fall == Some(0) {
                self.alpha_offset = self.alpha_offset.saturating_sub(1);
                self.until_fall = Some(self.fall_every).filter(|&epochs| epochs > 0);
            }
        }
    }

    /// The next run if the board makes the orders itself: all that is left, or so many epochs that the board can count them.
    pub fn run(&self) -> Run {
        let most = self.left_in_epoch() + MOST_EPOCHS * self.samples as u64;
        let sixteen = |value: usize| u16::try_from(value).unwrap_or(u16::MAX);
        let limit = u32::try_from(self.left.min(most)).unwrap_or(u32::MAX);
        let (samples, place) = (sixteen(self.samples), sixteen(self.place));
        Run {
            // A fall that lies beyond what fits lies beyond the run.
            first_fall: self.until_fall.map_or(0, |epochs| u16::try_from(epochs).unwrap_or(0)),
            fall_every: u16::try_from(self.fall_every).unwrap_or(0),
            ..Run::training(samples, self.seed, self.epoch, place, limit, self.alpha_offset)
        }
    }

    /// The offset in force.
    pub fn alpha_offset(&self) -> u8 {
        self.alpha_offset
    }

    /// The numbers of all samples that are left, in the order in which they are shown.
    pub fn order(&self) -> impl Iterator<Item = usize> + use<> {
        let StretchCursor { samples, seed, epoch, place, left, .. } = *self;
        let epochs = (0..).flat_map(move |number| {
            let order = epoch_order(seed, epoch.wrapping_add(number), samples);
            order.into_iter().skip(if number == 0 { place } else { 0 })
        });
        epochs.map(|index| index as usize).take(usize::try_from(left).unwrap_or(usize::MAX))
    }
}
