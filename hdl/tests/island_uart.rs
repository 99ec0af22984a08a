//! The serial line of the island at bauds that fit its clock and bauds that do not.
#![allow(clippy::unwrap_used, reason = "tests")]
mod designs;
mod wire;

use designs::Random;
use wheatstone_hdl::island::replay::Bench;
use wheatstone_hdl::island::{SerialLink, UartReceiver, UartTransmitter};
use wire::{encoded, random_frame, replay};

/// Clocks and bauds: 3, 4, 8.33, 12, 33.3, 217 and 868 clocks a bit.
const RATES: [(u32, u32); 7] = [
    (9_000_000, 3_000_000),
    (12_000_000, 3_000_000),
    (25_000_000, 3_000_000),
    (12_000_000, 1_000_000),
    (100_000_000, 3_000_000),
    (25_000_000, 115_200),
    (100_000_000, 115_200),
];

/// A line whose bits are so many thousandths of a clock long.
struct Line {
    levels: Vec<bool>,
    bit: u64,
    /// When it began, in thousandths of a clock.
    start: u64,
}

impl Line {
    /// Whoever sends is faster by so many thousandths than the baud says.
    fn new((clock, baud): (u32, u32), faster: i64) -> Line {
        let bit =
            u64::from(clock) * 1_000_000 / u64::from(baud) / 1000_u64.checked_add_signed(faster).unwrap();
        Line { levels: Vec::new(), bit, start: 0 }
    }

    fn rest(&mut self, bits: usize) {
        self.levels.extend(std::iter::repeat_n(true, bits));
    }

    fn byte(&mut self, byte: u8) {
        self.levels.push(false);
        self.levels.extend((0..8).map(|bit| byte >> bit & 1 == 1));
        self.levels.push(true);
    }

    /// The level at a clock, high when all has been sent.
    fn at(&self, clock: u64) -> bool {
        let bit = (clock * 1000).checked_sub(self.start).map_or(0, |time| time / self.bit);
        self.levels.get(usize::try_from(bit).unwrap()).copied().unwrap_or(true)
    }

    fn clocks(&self) -> u64 {
        (self.levels.len() as u64 * self.bit + self.start) / 1000 + 10
    }
}

/// What a receiver makes of a line: bytes, and nothing for errors.
fn received(bench: &mut Bench<UartReceiver>, line: &Line) -> Vec<Option<u8>> {
    let mut bytes = Vec::new();
    for clock in 0..line.clocks() {
        bench.block.rx.next = line.at(clock);
        bench.tick();
        assert!(!(bench.block.valid.val() && bench.block.error.val()));
        if bench.block.valid.val() {
            bytes.push(Some(bench.block.data.val().to_u8()));
        }
        if bench.block.error.val() {
            bytes.push(None);
        }
    }
    bytes
}

fn receiver((clock, baud): (u32, u32)) -> Bench<UartReceiver> {
    Bench::unrecorded(UartReceiver::new(clock, baud), |block| &mut block.clock)
}

#[test]
fn bytes_arrive_though_the_bauds_differ_by_two_percent() {
    for rate in RATES {
        for faster in [-20, -10, 0, 10, 20] {
            let mut random = Random(u64::from(rate.0 / 1000) + u64::from(rate.1));
            for start in [0, 1, 250, 500, 750, 999] {
                let mut line = Line::new(rate, faster);
                line.start = start;
                line.rest(3);
                let count = if line.bit > 50_000 { 5 } else { 80 };
                let bytes: Vec<u8> = (0..count).map(|_| u8::try_from(random.below(256)).unwrap()).collect();
                for (i, &byte) in bytes.iter().enumerate() {
                    line.byte(byte);
                    line.rest(if i % 7 == 6 { 1 } else { 0 });
                }
                line.rest(2);
                let expected: Vec<_> = bytes.into_iter().map(Some).collect();
                let found = received(&mut receiver(rate), &line);
                assert_eq!(found, expected, "{rate:?}, {faster} per mille faster, from {start}");
            }
        }
    }
}

/// Bytes from a transmitter at one clock to a receiver at another.
fn through(from: u32, to: u32, baud: u32, bytes: &[u8]) -> Vec<u8> {
    let mut sender = Bench::unrecorded(UartTransmitter::new(from, baud), |block| &mut block.clock);
    let mut receiver = receiver((to, baud));
    let (mut sent, mut found) = (0, Vec::new());
    let [mut now_from, mut now_to] = [0_u64; 2];
    let clocks = u64::from(from) * 11 * (bytes.len() as u64 + 1) / u64::from(baud);
    while now_from < clocks {
        // Which clock is next.
        if now_from * u64::from(to) <= now_to * u64::from(from) {
            sender.block.push.next = sent < bytes.len();
            sender.block.data.next = u64::from(bytes.get(sent).copied().unwrap_or(0)).into();
            sender.settle();
            sent += usize::from(sender.block.ready.val() && sent < bytes.len());
            sender.tick();
            now_from += 1;
        } else {
            receiver.block.rx.next = sender.block.tx.val();
            receiver.tick();
            now_to += 1;
            assert!(!receiver.block.error.val());
            if receiver.block.valid.val() {
                found.push(receiver.block.data.val().to_u8());
            }
        }
    }
    found
}

#[test]
fn a_transmitter_and_a_receiver_understand_each_other() {
    let bytes: Vec<u8> = (0..=255).collect();
    let clocks = [9_000_000, 12_000_000, 25_000_000, 27_000_000, 100_000_000];
    for from in clocks {
        for to in clocks {
            assert_eq!(through(from, to, 3_000_000, &bytes), bytes, "{from} Hz to {to} Hz");
        }
    }
    assert_eq!(through(25_000_000, 100_000_000, 115_200, &bytes[70..80]), &bytes[70..80]);
}

#[test]
fn the_line_is_high_from_the_beginning() {
    let mut bench = Bench::new(UartTransmitter::new(12_000_000, 3_000_000), |block| &mut block.clock);
    assert!(bench.block.tx.val() && bench.block.ready.val());
    for _ in 0..100 {
        bench.tick();
        assert!(bench.block.tx.val() && bench.block.ready.val());
    }
    replay(&bench.into_recording());
}

#[test]
fn a_break_is_one_error_and_bytes_follow_it() {
    for rate in RATES {
        let mut line = Line::new(rate, 0);
        line.rest(2);
        line.byte(0x55);
        line.levels.extend([false; 35]);
        line.rest(1);
        line.byte(0xA7);
        line.rest(2);
        assert_eq!(received(&mut receiver(rate), &line), [Some(0x55), None, Some(0xA7)], "{rate:?}");
    }
}

#[test]
fn a_glitch_of_a_third_of_a_bit_is_no_byte() {
    for rate in [RATES[3], RATES[4], RATES[5]] {
        let mut line = Line::new(rate, 0);
        line.bit /= 3;
        line.rest(5);
        line.levels.push(false);
        line.rest(40);
        let mut bench = receiver(rate);
        assert_eq!(received(&mut bench, &line), [], "{rate:?}");
    }
}

#[test]
fn noise_does_not_wedge_the_receiver() {
    let mut random = Random(11);
    for rate in &RATES[..5] {
        let mut bench = receiver(*rate);
        for _ in 0..50 {
            let mut noise = Line::new(*rate, 0);
            noise.bit = 700 + random.below(2 * noise.bit);
            noise.levels.extend((0..random.below(60)).map(|_| random.below(2) == 0));
            received(&mut bench, &noise);
            let mut line = Line::new(*rate, 0);
            line.rest(11);
            line.byte(0xC3);
            line.rest(2);
            assert_eq!(received(&mut bench, &line).last(), Some(&Some(0xC3)), "{rate:?}");
        }
    }
}

#[test]
fn both_ends_are_equal_in_verilog() {
    let mut random = Random(12);
    for rate in &RATES[..5] {
        let mut bench = Bench::new(UartReceiver::new(rate.0, rate.1), |block| &mut block.clock);
        let mut line = Line::new(*rate, 15);
        line.bit += 7;
        for _ in 0..30 {
            line.byte(u8::try_from(random.below(256)).unwrap());
            line.levels.extend((0..random.below(20)).map(|_| random.below(3) == 0));
            line.rest(usize::try_from(random.below(5)).unwrap());
        }
        received(&mut bench, &line);
        replay(&bench.into_recording());

        let mut bench = Bench::new(UartTransmitter::new(rate.0, rate.1), |block| &mut block.clock);
        for _ in 0..2500 {
            bench.block.push.next = random.below(30) == 0;
            bench.block.data.next = random.below(256).into();
            bench.tick();
        }
        replay(&bench.into_recording());
    }
}

#[test]
fn a_link_echoes_frames_from_pin_to_pin() {
    let rate = (25_000_000, 3_000_000);
    let mut random = Random(13);
    let mut bench = Bench::new(SerialLink::new(rate.0, rate.1, 2), |block| &mut block.clock);
    let mut host = receiver(rate);
    for length in [4, 11, 40] {
        let frame = random_frame(&mut random, length, length % 4);
        let mut line = Line::new(rate, -8);
        line.rest(1);
        encoded(&frame).into_iter().for_each(|byte| line.byte(byte));
        let mut answer = Vec::new();
        let (mut read, mut asked, mut freed) = (0, false, false);
        for clock in 0..3 * line.clocks() {
            let block = &mut bench.block;
            block.rx.next = line.at(clock);
            let length = block.frames.length.val().to_u64();
            // A controller that reads a byte and pushes it, one after the other.
            block.reply_push.next = asked;
            if asked {
                block.reply_data.next = block.frames.data.val();
            }
            block.frames.free.next = block.frames.ready.val() && !asked && read == length;
            block.reply_finish.next = block.frames.free.next;
            freed |= block.frames.free.next;
            block.frames.address.next = read.into();
            bench.settle();
            let block = &mut bench.block;
            if asked && block.reply_accept.val() {
                (read, asked) = (read + 1, false);
            } else if !asked && block.frames.ready.val() && read < length {
                asked = true;
            }
            host.block.rx.next = block.tx.val();
            bench.tick();
            host.tick();
            if host.block.valid.val() {
                answer.push(host.block.data.val().to_u8());
            }
            if freed {
                read = 0;
            }
        }
        assert_eq!(answer, encoded(&frame), "{length} bytes");
        assert!(bench.block.reply_idle.val());
    }
    assert_eq!(
        (bench.block.frames.damaged.val().to_u16(), bench.block.frames.overruns.val().to_u16()),
        (0, 0)
    );
    replay(&bench.into_recording());
}

#[test]
#[should_panic(expected = "a bit takes 3 to 4096 clocks")]
fn two_clocks_a_bit_are_too_few() {
    let _ = UartReceiver::new(6_000_000, 3_000_000);
}
