//! The wire side of the island: frames in and out, against other people's COBS and CRC, and as Verilog.
#![allow(clippy::unwrap_used, reason = "tests")]
mod designs;
mod wire;

use designs::Random;
use wheatstone_hdl::island::replay::Bench;
use wheatstone_hdl::island::{LinkReceiver, LinkTransmitter, SaturatingCounter};
use wire::{Frames, Replies, encoded, random_frame, replay};

#[test]
fn frames_of_every_length_arrive() {
    let mut random = Random(1);
    let mut frames = Frames::new(4);
    for length in 4..=250 {
        for kind in [1, 2, 3 * (length % 2)] {
            let frame = random_frame(&mut random, length, kind);
            frames.send(&encoded(&frame));
            assert_eq!(frames.receive().as_deref(), Some(&frame[..]), "length {length}, kind {kind}");
        }
    }
    assert_eq!(frames.counts(), (0, 0));
}

#[test]
fn replies_of_every_length_are_what_others_would_send() {
    let mut random = Random(2);
    let mut replies = Replies::new();
    for length in 1..=250 {
        for kind in 0..4 {
            let frame = random_frame(&mut random, length, kind);
            assert_eq!(replies.send(&frame, 0), encoded(&frame), "length {length}, kind {kind}");
        }
    }
}

#[test]
fn a_slow_line_and_a_slow_controller_change_nothing() {
    let mut random = Random(3);
    let mut replies = Replies::new();
    for length in [1, 7, 40, 250] {
        for wait in [1, 5, 100] {
            let frame = random_frame(&mut random, length, 0);
            assert_eq!(replies.send(&frame, wait), encoded(&frame));
        }
    }
}

#[test]
fn the_credits_are_the_frames_that_fit() {
    for credits in [1, 2, 4, 8] {
        let mut random = Random(4);
        let mut frames = Frames::new(credits);
        for round in 0..5 {
            let sent: Vec<_> =
                (0..credits).map(|_| random_frame(&mut random, 4 + random_below(round), 0)).collect();
            for frame in &sent {
                frames.send(&encoded(frame));
            }
            // One too many, and one too many that is damaged.
            let mut surplus = encoded(&random_frame(&mut random, 20, 0));
            frames.send(&surplus);
            surplus[1] ^= 0x40;
            frames.send(&surplus);
            let round = u16::try_from(round).unwrap();
            assert_eq!(frames.counts(), (round + 1, round + 1));
            for frame in &sent {
                assert_eq!(frames.receive().as_ref(), Some(frame), "{credits} credits");
            }
            assert_eq!(frames.receive(), None);
        }
    }
}

fn random_below(round: usize) -> usize {
    [0, 1, 50, 200, 246][round]
}

#[test]
fn a_slot_that_becomes_free_within_a_frame_is_too_late_for_it() {
    let mut frames = Frames::new(1);
    let (first, second) = (vec![1, 2, 3, 4], vec![5, 6, 0, 8, 9]);
    frames.send(&encoded(&first));
    let bytes = encoded(&second);
    frames.send(&bytes[..4]);
    assert_eq!(frames.receive(), Some(first));
    frames.send(&bytes[4..]);
    assert_eq!((frames.receive(), frames.counts()), (None, (0, 1)));
    frames.send(&bytes);
    assert_eq!((frames.receive(), frames.counts()), (Some(second), (0, 1)));
}

#[test]
fn what_is_not_whole_is_counted_and_not_shown() {
    let mut random = Random(5);
    let mut frames = Frames::new(2);
    let mut damaged = 0;
    let good = random_frame(&mut random, 30, 2);
    let mut bad = |frames: &mut Frames, bytes: &[u8]| {
        damaged += 1;
        frames.send(bytes);
        assert_eq!((frames.receive(), frames.counts()), (None, (damaged, 0)), "{bytes:?}");
        // It leaves nothing behind.
        frames.send(&encoded(&good));
        assert_eq!(frames.receive().as_deref(), Some(&good[..]), "after {bytes:?}");
    };
    for length in 0..4 {
        bad(&mut frames, &encoded(&vec![7; length]));
    }
    for length in [251, 252, 255, 256, 300, 1000] {
        for kind in 0..4 {
            bad(&mut frames, &encoded(&random_frame(&mut random, length, kind)));
        }
    }
    let whole = encoded(&random_frame(&mut random, 60, 2));
    // Every single bit; where a byte becomes zero, two damaged frames take its place.
    for i in 0..whole.len() - 1 {
        let bit = 1 << random.below(8);
        if whole[i] != bit {
            let mut flipped = whole.clone();
            flipped[i] ^= bit;
            bad(&mut frames, &flipped);
        }
    }
    for length in 1..whole.len() - 1 {
        bad(&mut frames, &[&whole[..length], &[0]].concat());
        bad(&mut frames, &whole[length..]);
    }
    // A block that ends before its frame does.
    bad(&mut frames, &[9, 1, 2, 0]);
    bad(&mut frames, &[255, 0]);
    bad(&mut frames, &[1, 0]);
}

#[test]
fn a_full_block_may_be_followed_by_an_empty_one() {
    // Whoever encodes 254 bytes without a zero may end them with a block of none.
    let mut frames = Frames::new(2);
    let full = |last: u8| encoded(&[vec![5; 249], vec![last]].concat());
    let last = (1..=255).find(|&last| full(last)[0] == 255).unwrap();
    let mut bytes = full(last);
    assert_eq!(bytes.len(), 256);
    bytes.insert(255, 1);
    frames.send(&bytes);
    assert_eq!((frames.receive(), frames.counts()), (Some([vec![5; 249], vec![last]].concat()), (0, 0)));
}

#[test]
fn empty_frames_are_no_frames() {
    let mut frames = Frames::new(2);
    frames.send(&[0; 20]);
    frames.send(&encoded(&[1, 2, 3, 4, 5]));
    frames.send(&[0; 3]);
    assert_eq!((frames.receive(), frames.counts()), (Some(vec![1, 2, 3, 4, 5]), (0, 0)));
}

#[test]
fn a_byte_that_cannot_be_read_damages_its_frame() {
    let mut frames = Frames::new(2);
    let bytes = encoded(&[1, 2, 3, 4, 5]);
    for place in 0..bytes.len() {
        frames.send(&bytes[..place]);
        frames.error();
        frames.send(&bytes[place..]);
        let damaged = u16::try_from(place + 1).unwrap();
        assert_eq!((frames.receive(), frames.counts()), (None, (damaged, 0)));
    }
    frames.send(&bytes);
    assert_eq!(frames.receive(), Some(vec![1, 2, 3, 4, 5]));
}

#[test]
fn random_bytes_do_not_wedge_the_receiver() {
    let mut random = Random(6);
    let mut frames = Frames::new(2);
    for round in 0..100 {
        for _ in 0..random.below(400) {
            // Some rounds have few zeros and so long frames.
            let byte =
                if round % 3 == 0 { random.below(256) } else { random.between(1, 255).cast_unsigned() };
            frames.send(&[u8::try_from(byte).unwrap()]);
            if random.below(50) == 0 {
                frames.error();
            }
        }
        frames.send(&[0]);
        assert_eq!(frames.receive(), None);
        let length = usize::try_from(random.between(4, 250)).unwrap();
        let frame = random_frame(&mut random, length, 0);
        frames.send(&encoded(&frame));
        assert_eq!(frames.receive(), Some(frame));
    }
}

#[test]
fn counters_stop_at_the_top() {
    let mut random = Random(7);
    let mut bench = Bench::new(SaturatingCounter::default(), |block| &mut block.clock);
    let mut expected = 0;
    for _ in 0..72_000 {
        let increment = random.below(16) != 0;
        bench.block.increment.next = increment;
        bench.tick();
        expected = u16::from(increment).saturating_add(expected);
        assert_eq!(bench.block.count.val(), u64::from(expected));
    }
    assert_eq!(expected, 65_535);
    replay(&bench.into_recording());
}

#[test]
fn the_receiver_is_equal_in_verilog() {
    for credits in [1, 2, 8] {
        let mut random = Random(8);
        let mut frames = Frames::on(Bench::new(LinkReceiver::new(credits), |block| &mut block.clock));
        for round in 0..40 {
            let length =
                usize::try_from(random.between(0, 60)).unwrap() + if round % 10 == 0 { 195 } else { 0 };
            let mut bytes = encoded(&random_frame(&mut random, length, round));
            if random.below(4) == 0 {
                let place = usize::try_from(random.below(bytes.len() as u64)).unwrap();
                bytes[place] ^= 1 << random.below(8);
            }
            frames.send(&bytes);
            if random.below(10) == 0 {
                frames.error();
            }
            if random.below(8) < 5 {
                frames.receive();
            }
        }
        let (damaged, overruns) = frames.counts();
        assert!(damaged > 3 && (overruns > 0 || credits > 2), "{damaged} {overruns}");
        replay(&frames.bench.into_recording());
    }
}

#[test]
fn the_transmitter_is_equal_in_verilog() {
    let mut random = Random(9);
    let mut replies = Replies::on(Bench::new(LinkTransmitter::default(), |block| &mut block.clock));
    for (round, length) in [1, 2, 7, 7, 8, 30, 100, 250].into_iter().enumerate() {
        let frame = random_frame(&mut random, length, round);
        assert_eq!(replies.send(&frame, round % 3), encoded(&frame));
    }
    replay(&replies.bench.into_recording());
}

#[test]
#[should_panic(expected = "1, 2, 4 or 8 slots")]
fn a_receiver_has_a_power_of_two_of_slots() {
    let _ = LinkReceiver::new(3);
}
