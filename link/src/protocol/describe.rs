//! Frames in words, for traces, recordings and errors.

use crate::protocol::frame::{self, Header};
use crate::protocol::{Command, Identity, Reply, ResultCode, SampleOrder, Space, Status};
use wheatstone_sim::Tally;

/// A command in a few words.
pub fn command(command: &Command) -> String {
    match command {
        Command::Identify => "identify".to_owned(),
        Command::Open { session } => format!("open session {session}"),
        Command::Configure(settings) => {
            format!("configure {} steps, {:?}", settings.steps, settings.learning)
        }
        Command::Write { space, address, data } => {
            let end = usize::from(*address) + data.len() / space.unit();
            format!("write {} {address}..{end}", space_name(*space))
        }
        Command::Read { space, address, count } => {
            let end = usize::from(*address) + usize::from(*count);
            format!("read {} {address}..{end}", space_name(*space))
        }
        Command::Run(run) => {
            let how = [(run.learn, "learn"), (run.impose_targets, "targets"), (run.store_answers, "store")];
            let how: String =
                how.iter().filter(|(flag, _)| *flag).map(|(_, name)| format!(" {name}")).collect();
            let order = match run.order {
                SampleOrder::Sequential => "sequential",
                SampleOrder::Given => "given",
                SampleOrder::Generated => "generated",
            };
            format!("run {} from place {} of {}, {order}{how}", run.limit, run.place, run.samples)
        }
        Command::Extend { limit } => format!("extend to {limit}"),
        Command::Stop => "stop".to_owned(),
        Command::Status => "status".to_owned(),
        Command::Commit { phase } => format!("commit at phase {phase}"),
    }
}

fn space_name(space: Space) -> &'static str {
    match space {
        Space::Samples => "samples",
        Space::Order => "order",
        Space::Scan => "scan",
    }
}

/// The first frame of bytes from the wire, whoever sent it.
pub fn first_frame(bytes: &[u8]) -> String {
    frame(bytes.split(|&byte| byte == 0).find(|piece| !piece.is_empty()).unwrap_or_default())
}

/// What stands between two zeros on the wire, whoever sent it.
pub fn frame(wire: &[u8]) -> String {
    let contents = match frame::decode(wire) {
        Ok(contents) => contents,
        Err(error) => return error.to_string(),
    };
    let Header { session, sequence, opcode } = Header::from_bytes(&contents);
    let what = if opcode < 128 {
        let parsed = Command::parse(opcode, contents.get(frame::HEADER..).unwrap_or_default());
        parsed.map_or_else(|code| format!("opcode {opcode}: {code:?}"), |parsed| command(&parsed))
    } else {
        match Reply::from_bytes(&contents) {
            Ok(reply) => format!("{}, {} expected", result(&reply), reply.expected),
            Err(error) => error.to_string(),
        }
    };
    format!("{session}/{sequence} {what}")
}

/// What a reply says.
fn result(reply: &Reply) -> String {
    if reply.code != ResultCode::Done {
        return format!("{:?}", reply.code);
    }
    let told = match reply.opcode {
        1 => Identity::from_bytes(&reply.result)
            .map(|identity| format!("is {} with {} credits", identity.name, identity.credits)),
        9 => Status::from_bytes(&reply.result).map(|status| {
            let rest = if status.running { "running" } else { "at rest" };
            let Tally { samples, right, error, at_least } = status.tally;
            let least = if at_least { " at least" } else { "" };
            let tally = format!("Tally {{ samples: {samples}, right: {right}, error: {error}{least} }}");
            format!("{rest}, {} done, {tally}", status.done)
        }),
        _ if reply.result.is_empty() => Some("done".to_owned()),
        _ => None,
    };
    told.unwrap_or_else(|| format!("{} bytes", reply.result.len()))
}
