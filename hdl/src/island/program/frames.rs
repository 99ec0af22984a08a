//! Frames: whether to execute one, and what to answer.

use super::super::assembler::Assembler;
use super::super::instruction::{Condition, Operation, Port, Register};
use super::wire::{HEAD_BYTES, REPLY, number};
use super::{Facts, compare_done};
use Condition::{Always, Carry, NoCarry, NotZero, Zero};
use wheatstone_link::protocol::ResultCode;

pub(super) fn declare(a: &mut Assembler) {
    a.variables(&["session", "expected", "from", "sequence", "opcode", "payload", "result"]);
}

/// A word of the frame into a variable.
pub(super) fn take_word(a: &mut Assembler, name: &'static str) {
    a.call("word");
    a.store(name);
}

/// A byte of the frame into a variable.
pub(super) fn take_byte(a: &mut Assembler, name: &'static str) {
    a.set(name, Port::FrameByte);
}

/// Refuses the frame unless its payload has that many bytes.
pub(super) fn exactly(a: &mut Assembler, bytes: u16) {
    a.load("payload");
    a.subtract(bytes);
    a.jump(NotZero, "length");
}

/// Refuses the frame if a run is in progress.
pub(super) fn require_idle(a: &mut Assembler) {
    compare_done(a);
    a.jump(NoCarry, "busy");
}

/// Sends the head of a reply that reports success.
pub(super) fn success(a: &mut Assembler) {
    a.set("result", 0);
    a.call("head");
}

pub(super) fn frames(a: &mut Assembler, facts: &Facts) {
    a.label("frame");
    a.load(Port::Length);
    a.subtract(HEAD_BYTES);
    a.store("payload");
    take_byte(a, "from");
    take_word(a, "sequence");
    take_byte(a, "opcode");
    a.subtract(1);
    a.jump(NotZero, "numbered");
    a.load("payload");
    a.jump(Zero, "identify");

    a.label("numbered");
    a.set("result", number(ResultCode::OtherSession));
    a.load("from");
    a.subtract("session");
    a.jump(NotZero, "reply");
    a.set("result", number(ResultCode::OutOfOrder));
    a.load("sequence");
    a.subtract("expected");
    a.jump(NotZero, "reply");
    a.load("expected");
    a.add(1);
    a.store("expected");
    a.load("opcode");
    for label in ["length", "open", "configure", "write", "read", "run", "extend", "stop", "status", "commit"]
    {
        a.subtract(1);
        a.jump(Zero, label);
    }
    for (label, code) in [
        ("unknown", number(ResultCode::Unknown)),
        ("length", number(ResultCode::Length)),
        ("busy", number(ResultCode::Busy)),
        ("address", number(ResultCode::Address)),
    ] {
        a.label(label);
        a.load(code);
        if label != "address" {
            a.jump(Always, "refuse");
        }
    }
    a.label("refuse");
    a.store("result");
    a.label("reply");
    a.call("head");
    a.label("finish");
    a.out(Register::Finish);
    a.out(Register::Release);
    a.jump(Always, "main");
    a.label("done");
    a.load(0);
    a.jump(Always, "refuse");

    // Subroutine: A takes a word of the frame.
    a.label("word");
    a.load(Port::FrameWord);
    a.load(Port::FrameWord);
    a.plain(Operation::Return);

    // Subroutine: the head of every reply.
    a.label("head");
    a.load("opcode");
    a.or(REPLY);
    a.store("opcode");
    a.on(Operation::SendLow, "session");
    a.send_word("sequence");
    a.on(Operation::SendLow, "opcode");
    a.on(Operation::SendLow, "result");
    a.send_word("expected");
    a.plain(Operation::Return);

    a.label("identify");
    success(a);
    for pair in facts.identity.to_bytes().chunks(2) {
        a.send_word(pair.iter().rev().fold(0, |word, &byte| (word << 8) | u16::from(byte)));
    }
    a.jump(Always, "finish");

    a.label("open");
    exactly(a, 1);
    take_byte(a, "session");
    a.set("stalled", 0);
    a.jump(Always, "done");

    a.label("status");
    exactly(a, 0);
    success(a);
    // A = whether done is below the limit.
    compare_done(a);
    a.load(0);
    a.jump(Carry, "standing");
    a.load(1);
    a.label("standing");
    a.or("stalled");
    a.store("result");
    a.load("phase");
    a.on(Operation::SendLow, "result");
    // The phase is a bit of the burst's word: 8 in its high byte.
    a.jump(Zero, "phase is 0");
    a.load(1);
    a.label("phase is 0");
    a.store("result");
    a.plain(Operation::Nothing);
    a.on(Operation::SendLow, "result");
    for word in ["done_low", "done_high", "place", "epochs"] {
        a.send_word(word);
    }
    a.on(Operation::SendLow, "offset");
    for word in
        ["samples_low", "samples_high", "right_low", "right_high", "error_low", "error_middle", "error_high"]
    {
        a.send_word(word);
    }
    a.send_word(Port::Damaged);
    a.send_word(Port::Overruns);
    a.jump(Always, "finish");
}
