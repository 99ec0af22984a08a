//! A transport on which things go wrong, the same things for the same seed.

use crate::protocol::frame::Splitter;
use crate::transport::{Transport, TransportError, as_inner};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::VecDeque;
use std::time::Duration;

/// How often what goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Bytes lost, in a million.
    pub dropped: u32,
    /// Bytes with one bit flipped, in a million.
    pub flipped: u32,
    /// Bytes that come twice, in a million.
    pub doubled: u32,
    /// Bytes out of nowhere, in a million.
    pub inserted: u32,
    /// Frames before which the line pauses, in a million; what follows waits too.
    pub delayed: u32,
    /// Frames that come late, in a million; what follows overtakes them.
    pub late: u32,
    /// Frames that come twice, the second time late, in a million.
    pub repeated: u32,
    /// The longest pause or lateness.
    pub lateness: Duration,
    /// Frames in the middle of which the line is unplugged, in a million.
    pub unplugged: u32,
    /// The longest time it stays away.
    pub absence: Duration,
    /// Times the board loses its power while it is unplugged, in a million.
    pub unpowered: u32,
    /// Frames before which the board loses its power although the line stays, in a million.
    pub brownouts: u32,
}

/// What went wrong so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultCounts {
    /// Bytes lost, flipped, doubled or inserted.
    pub bytes: u64,
    /// Frames that waited or came late or twice.
    pub frames: u64,
    /// Times the line was unplugged.
    pub unplugged: u64,
    /// Times the board lost its power.
    pub unpowered: u64,
}

/// Bytes of one direction that are held back.
#[derive(Debug, Default)]
struct Held {
    /// With the time they are let go, in the order of their coming.
    frames: VecDeque<(Duration, Vec<u8>)>,
    /// The line pauses until then.
    paused: Duration,
    splitter: Splitter,
}

impl Held {
    fn next(&self) -> Option<Duration> {
        self.frames.iter().map(|(time, _)| *time).min()
    }

    fn due(&mut self, now: Duration) -> Option<Vec<u8>> {
        let next = self.next().filter(|&time| time <= now)?;
        let at = self.frames.iter().position(|(time, _)| *time == next)?;
        self.frames.remove(at).map(|(_, bytes)| bytes)
    }
}

/// A transport around another one that loses, damages, doubles, delays and unplugs.
pub struct Faulty<T> {
    inner: T,
    faults: Faults,
    counts: FaultCounts,
    dice: ChaCha8Rng,
    out: Held,
    back: Held,
    ready: VecDeque<u8>,
    gone_until: Option<Duration>,
    switch: Box<dyn FnMut(&mut T) + Send>,
}

impl<T: Transport> Faulty<T> {
    /// Faults on a transport. `switch` switches the board off and on.
    pub fn new(inner: T, faults: Faults, seed: u64, switch: impl FnMut(&mut T) + Send + 'static) -> Self {
        Faulty {
            inner,
            faults,
            counts: FaultCounts::default(),
            dice: ChaCha8Rng::seed_from_u64(seed),
            out: Held::default(),
            back: Held::default(),
            ready: VecDeque::new(),
            gone_until: None,
            switch: Box::new(switch),
        }
    }

    /// What went wrong so far.
    pub fn counts(&self) -> FaultCounts {
        self.counts
    }

    /// Other faults from now on. What is held back already still comes.
    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// The transport inside.
    pub fn inner(&self) -> &T {
        &self.inner
    }

    /// Whether something that happens so often in a million happens now.
    fn happens(&mut self, rate: u32) -> bool {
        // Nothing is drawn for what never happens: a profile of one fault has the same faults whatever others exist.
        rate > 0 && self.below(1_000_000) < u64::from(rate)
    }

    fn below(&mut self, bound: u64) -> u64 {
        (u64::from(self.dice.next_u32()) * bound) >> 32
    }

    fn time_up_to(&mut self, most: Duration) -> Duration {
        let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX).min(1 << 31);
        Duration::from_micros(self.below(micros + 1))
    }

    /// The bytes as they arrive.
    fn damage(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut damaged = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            let [dropped, doubled, flipped, inserted] =
                [self.faults.dropped, self.faults.doubled, self.faults.flipped, self.faults.inserted]
                    .map(|rate| self.happens(rate));
            self.counts.bytes += [dropped, doubled, flipped, inserted].map(u64::from).iter().sum::<u64>();
            if inserted {
                damaged.push(u8::try_from(self.below(256)).unwrap_or(0));
            }
            let byte = if flipped { byte ^ (1 << self.below(8)) } else { byte };
            damaged.extend(std::iter::repeat_n(byte, if dropped { 0 } else { 1 + usize::from(doubled) }));
        }
        damaged
    }

    /// Takes a frame, or what is left of one, in one direction.
    fn hold(&mut self, outward: bool, frame: &[u8]) {
        let now = self.inner.now();
        let bytes = self.damage(frame);
        let late = self.happens(self.faults.late).then(|| self.time_up_to(self.faults.lateness));
        let again = self.happens(self.faults.repeated).then(|| self.time_up_to(self.faults.lateness));
        let pause = self.happens(self.faults.delayed).then(|| self.time_up_to(self.faults.lateness));
        self.counts.frames += [late, again, pause].iter().flatten().count() as u64;
        let held = if outward { &mut self.out } else { &mut self.back };
        if let Some(pause) = pause {
            held.paused = held.paused.max(now + pause);
        }
        let time = late.map_or(held.paused.max(now), |late| now + late);
        if let Some(again) = again {
            held.frames.push_back((now + again, bytes.clone()));
        }
        held.frames.push_back((time, bytes));
    }

    /// Lets go what is due.
    fn let_go(&mut self) -> Result<(), TransportError> {
        let now = self.inner.now();
        while let Some(bytes) = self.out.due(now) {
            self.inner.send(&bytes)?;
        }
        while let Some(bytes) = self.back.due(now) {
            self.ready.extend(bytes);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), TransportError> {
        if self.gone_until.is_some() {
            return Err(TransportError::Gone { port: self.inner.describe() });
        }
        Ok(())
    }

    fn unplug(&mut self) {
        self.counts.unplugged += 1;
        let absence = self.time_up_to(self.faults.absence);
        self.gone_until = Some(self.inner.now() + absence);
        self.ready.clear();
        self.back = Held::default();
        // What an adapter still holds may come out when it is plugged in again.
        if self.happens(500_000) {
            self.out = Held::default();
        }
        if self.happens(self.faults.unpowered) {
            self.power_off();
        }
    }

    fn power_off(&mut self) {
        self.counts.unpowered += 1;
        (self.switch)(&mut self.inner);
    }

    /// Waits inside until `until`, or until bytes came or something is due; takes in what came.
    fn turn(&mut self, until: Duration) -> Result<(), TransportError> {
        let until = [self.out.next(), self.back.next()].into_iter().flatten().fold(until, Duration::min);
        let mut buffer = [0; 64];
        let count = self.inner.receive(&mut buffer, until)?;
        for &byte in &buffer[..count] {
            if let Some(piece) = self.back.splitter.push(byte) {
                self.hold(false, &[&piece[..], &[0]].concat());
            }
        }
        self.let_go()
    }
}

impl<T: Transport> Transport for Faulty<T> {
    as_inner!();

    fn send(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        self.check()?;
        if self.happens(self.faults.brownouts) {
            self.power_off();
        }
        if self.happens(self.faults.unplugged) {
            let sent = usize::try_from(self.below(bytes.len() as u64 + 1)).unwrap_or(0);
            self.hold(true, &bytes[..sent]);
            self.let_go()?;
            self.unplug();
            return self.check();
        }
        self.hold(true, bytes);
        self.let_go()
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, TransportError> {
        self.check()?;
        loop {
            self.turn(deadline)?;
            let count = self.ready.len().min(buffer.len());
            if count > 0 || self.inner.now() >= deadline {
                buffer.iter_mut().zip(self.ready.drain(..count)).for_each(|(place, byte)| *place = byte);
                return Ok(count);
            }
        }
    }

    fn wait(&mut self, until: Duration) {
        while self.inner.now() < until {
            if self.gone_until.is_some() || self.turn(until).is_err() {
                self.inner.wait(until);
            }
        }
    }

    fn reopen(&mut self) -> Result<(), TransportError> {
        if self.gone_until.is_some_and(|until| self.inner.now() < until) {
            return self.check();
        }
        self.gone_until = None;
        self.inner.reopen()
    }
}
