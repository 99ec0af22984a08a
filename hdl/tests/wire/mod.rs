//! The two ends of the island's wire side, driven as the line and the controller drive them.
#![allow(dead_code, reason = "each test uses its part")]
use crate::designs::{Random, tool};
use crc::{CRC_32_ISO_HDLC, Crc};
use wheatstone_hdl::island::replay::{Bench, Recording};
use wheatstone_hdl::island::{LinkReceiver, LinkTransmitter};
use wheatstone_tools::Program;

/// Clocks from one byte of the line to the next: the fewest the receiver bears.
const BYTE_CLOCKS: usize = 10;

/// What goes over the line for a frame, its end included.
pub fn encoded(frame: &[u8]) -> Vec<u8> {
    let crc = Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(frame);
    let mut bytes = cobs::encode_vec(&[frame, &crc.to_le_bytes()].concat());
    bytes.push(0);
    bytes
}

/// Random bytes, all zero, none zero, or few zeros.
pub fn random_frame(random: &mut Random, length: usize, kind: usize) -> Vec<u8> {
    let byte = |_| match kind % 4 {
        0 => random.below(256),
        1 => 0,
        2 => 1 + random.below(255),
        _ => random.below(256) * random.below(60).min(1),
    };
    (0..length).map(byte).map(|byte| u8::try_from(byte).unwrap()).collect()
}

pub fn replay(recording: &Recording) {
    let (Some(iverilog), Some(vvp)) = (tool(Program::Iverilog), tool(Program::Vvp)) else { return };
    recording.replay(&iverilog, &vvp, "").unwrap_or_else(|error| panic!("{error}\n{}", recording.verilog()));
}

/// A receiver between a line and a controller.
pub struct Frames {
    pub bench: Bench<LinkReceiver>,
}

impl Frames {
    pub fn new(credits: u8) -> Frames {
        Frames::on(Bench::unrecorded(LinkReceiver::new(credits), |block| &mut block.clock))
    }

    pub fn on(bench: Bench<LinkReceiver>) -> Frames {
        Frames { bench }
    }

    /// Bytes on the line.
    pub fn send(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.bench.block.line_data.next = u64::from(byte).into();
            self.bench.block.line_valid.next = true;
            self.bench.tick();
            self.bench.block.line_valid.next = false;
            for _ in 1..BYTE_CLOCKS {
                self.bench.tick();
            }
        }
    }

    /// A byte without a stop bit.
    pub fn error(&mut self) {
        self.bench.block.line_error.next = true;
        self.bench.tick();
        self.bench.block.line_error.next = false;
        self.bench.tick();
    }

    /// The oldest frame, if there is one, read and freed.
    pub fn receive(&mut self) -> Option<Vec<u8>> {
        for _ in 0..4 {
            self.bench.tick();
        }
        if !self.bench.block.frames.ready.val() {
            return None;
        }
        let length = self.bench.block.frames.length.val().to_u64();
        let mut frame = Vec::new();
        for address in 0..length {
            self.bench.block.frames.address.next = address.into();
            self.bench.tick();
            frame.push(self.bench.block.frames.data.val().to_u8());
        }
        self.bench.block.frames.free.next = true;
        self.bench.tick();
        self.bench.block.frames.free.next = false;
        self.bench.settle();
        assert!(!self.bench.block.frames.ready.val(), "a frame that was freed is gone");
        Some(frame)
    }

    /// Damaged frames and overruns.
    pub fn counts(&self) -> (u16, u16) {
        (self.bench.block.frames.damaged.val().to_u16(), self.bench.block.frames.overruns.val().to_u16())
    }
}

/// A transmitter between a controller and a line.
pub struct Replies {
    pub bench: Bench<LinkTransmitter>,
}

impl Replies {
    pub fn new() -> Replies {
        Replies::on(Bench::unrecorded(LinkTransmitter::default(), |block| &mut block.clock))
    }

    pub fn on(bench: Bench<LinkTransmitter>) -> Replies {
        Replies { bench }
    }

    /// What goes over the line for a frame. Controller and line let the other side wait for so many clocks.
    pub fn send(&mut self, frame: &[u8], wait: usize) -> Vec<u8> {
        let bench = &mut self.bench;
        bench.settle();
        assert!(bench.block.idle.val(), "a new reply may begin");
        for &byte in frame {
            bench.block.data.next = u64::from(byte).into();
            bench.block.push.next = true;
            bench.settle();
            let mut waited = 0;
            while !bench.block.accept.val() {
                bench.tick();
                waited += 1;
                assert!(waited <= 8, "a byte is taken after 8 clocks");
            }
            bench.tick();
            assert!(!bench.block.idle.val(), "a reply is being built");
            bench.block.push.next = false;
            for _ in 0..wait {
                bench.tick();
            }
        }
        bench.block.finish.next = true;
        bench.tick();
        bench.block.finish.next = false;
        let mut bytes = Vec::new();
        let mut waiting = 0;
        for _ in 0..300 * (wait + 4) {
            if bench.block.idle.val() {
                assert_eq!(bytes.last(), Some(&0));
                return bytes;
            }
            assert!(!bench.block.accept.val(), "nothing is taken while a reply is sent");
            bench.block.line_ready.next = waiting >= wait;
            waiting = if waiting >= wait && bench.block.line_push.val() { 0 } else { waiting + 1 };
            bench.settle();
            if bench.block.line_ready.val() && bench.block.line_push.val() {
                bytes.push(bench.block.line_data.val().to_u8());
            }
            bench.tick();
        }
        panic!("the reply does not end: {bytes:?}");
    }
}
