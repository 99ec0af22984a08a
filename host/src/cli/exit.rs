//! How the program ends: exit codes and the error on standard error.

use super::advice;
use super::output::tell;
use super::verify::NoFlip;
use std::borrow::Cow;
use std::io;
use std::process::ExitCode;
use thiserror::Error;
use wheatstone::bench::BenchError;
use wheatstone::device::{BoardError, UrlError};
use wheatstone::loading::LoadError;
use wheatstone::ports::PortError;
use wheatstone_flow::FlowError;
use wheatstone_flow::manifest::ManifestError;
use wheatstone_hdl::area::AreaError;
use wheatstone_hdl::bitstream::WrongBoard;
use wheatstone_hdl::{NotBuildable, SimulationError};
use wheatstone_learn::config::ConfigError;
use wheatstone_learn::conversion::ConversionError;
use wheatstone_learn::cross_validation::CrossValidationError;
use wheatstone_learn::data::{CsvError, DatasetError, EncodingError, IdxError, SplitError};
use wheatstone_learn::device::DeviceError;
use wheatstone_learn::evaluation::EvaluationError;
use wheatstone_learn::experiment::ExperimentError;
use wheatstone_learn::network_file::NetworkFileError;
use wheatstone_learn::run::RunError;
use wheatstone_learn::training::TrainingError;
use wheatstone_link::LinkError;
use wheatstone_sim::FileStemError;

const FAILED: u8 = 1;
const BAD_INPUT: u8 = 2;
const NO_DEVICE: u8 = 3;
const NO_ACCESS: u8 = 4;
const LINK: u8 = 5;
const MISMATCH: u8 = 6;
const INTERRUPTED: u8 = 130;

/// The run was stopped by a signal, after its checkpoint was written.
#[derive(Debug, Error)]
#[error("interrupted; {0}")]
pub struct Interrupted(pub String);

/// Fewer epochs are asked for than a run has trained.
#[derive(Debug, Error)]
#[error(
    "{epochs} epochs are {wanted} samples, and this run has trained {trained} already; ask for more epochs, or leave --epochs out"
)]
pub struct TooFewEpochs {
    pub trained: u64,
    pub epochs: u32,
    pub wanted: u64,
}

/// A device, or the simulated array, and the model differ.
#[derive(Debug, Error)]
#[error("device and model differ: {0}")]
pub struct Mismatch(pub String);

/// A check did not pass; its report has been printed.
#[derive(Debug, Error)]
#[error("{0}; see the report")]
pub struct CheckFailed(pub &'static str);

/// Clap's own messages: help and version end in 0, wrong usage in 2.
pub fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe is the reader's business.
    drop(error.print());
    ExitCode::from(if error.use_stderr() { BAD_INPUT } else { 0 })
}

/// Prints an error and gives its exit code.
pub fn code(done: anyhow::Result<()>) -> ExitCode {
    let Err(error) = done else { return ExitCode::SUCCESS };
    if is_closed_output(&error) {
        return ExitCode::SUCCESS;
    }
    tell(&format!("wheatstone: {}", shortened(&message(&error))));
    for line in advice::for_error(&error) {
        tell(&format!("  {line}"));
    }
    ExitCode::from(classify(&error))
}

/// Whether nobody reads standard output any more, as with `| head`. A pipe that a file was to be written into has an error of its own.
fn is_closed_output(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// The error and its causes, those that it does not tell itself.
fn message(error: &anyhow::Error) -> String {
    let mut message = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !message.contains(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    message
}

/// A message that repeats a whole file is no help: its middle goes. What is wrong stands at its beginning, and what to do at its
/// end.
fn shortened(message: &str) -> Cow<'_, str> {
    const KEPT: usize = 1500;
    if message.len() <= 3 * KEPT {
        return Cow::Borrowed(message);
    }
    let head = message.floor_char_boundary(KEPT);
    let tail = message.ceil_char_boundary(message.len() - KEPT);
    let left_out = tail - head;
    Cow::Owned(format!("{} ... ({left_out} bytes left out) ... {}", &message[..head], &message[tail..]))
}

fn classify(error: &anyhow::Error) -> u8 {
    if error.is::<Interrupted>()
        || matches!(error.downcast_ref(), Some(CrossValidationError::Interrupted))
        || matches!(error.downcast_ref(), Some(BenchError::Interrupted))
    {
        return INTERRUPTED;
    }
    if error.is::<Mismatch>() || matches!(find(error), Some(FlowError::Wrong { .. })) {
        return MISMATCH;
    }
    if let Some(error) = device_error(error) {
        return device(error);
    }
    if io_kind(error) == Some(io::ErrorKind::PermissionDenied) {
        return NO_ACCESS;
    }
    if let Some(error) = find::<PortError>(error) {
        return port(error);
    }
    if let Some(error) = find::<LoadError>(error) {
        return load(error);
    }
    // Nothing is wrong with what was asked for.
    if let Some(RunError::Write(_) | RunError::Folder { .. } | RunError::Busy { .. }) =
        find::<RunError>(error)
    {
        return FAILED;
    }
    let bad_input = find::<RunError>(error).is_some()
        || find::<TooFewEpochs>(error).is_some()
        || find::<ConfigError>(error).is_some()
        || find::<ExperimentError>(error).is_some()
        || find::<FileStemError>(error).is_some()
        || find::<NetworkFileError>(error).is_some()
        || find::<ConversionError>(error).is_some()
        || find::<CrossValidationError>(error).is_some()
        || find::<TrainingError>(error).is_some()
        || find::<EvaluationError>(error).is_some()
        || find::<CsvError>(error).is_some()
        || find::<IdxError>(error).is_some()
        || find::<DatasetError>(error).is_some()
        || find::<EncodingError>(error).is_some()
        || find::<SplitError>(error).is_some()
        || matches!(find(error), Some(BenchError::NoClasses { .. }))
        || matches!(find(error), Some(AreaError::NoDevice { .. }))
        || matches!(
            find(error),
            Some(
                FlowError::NoDevice { .. }
                    | FlowError::Top(_)
                    | FlowError::OtherDelays { .. }
                    | FlowError::TooLarge { .. }
            )
        )
        || find::<ManifestError>(error).is_some()
        || find::<NoFlip>(error).is_some()
        || find::<NotBuildable>(error).is_some()
        || find::<SimulationError>(error).is_some()
        || find::<WrongBoard>(error).is_some()
        || find::<UrlError>(error).is_some();
    if bad_input { BAD_INPUT } else { FAILED }
}

fn port(error: &PortError) -> u8 {
    match error {
        PortError::NoDevice { .. } | PortError::NoPort { .. } => NO_DEVICE,
        PortError::Several { .. } => BAD_INPUT,
        PortError::NoAccess { .. } | PortError::Busy { .. } => NO_ACCESS,
    }
}

fn load(error: &LoadError) -> u8 {
    match error {
        LoadError::Read { .. }
        | LoadError::Bitstream { .. }
        | LoadError::WrongBoard { .. }
        | LoadError::OtherThanManifest { .. }
        | LoadError::ManifestOfOther { .. }
        | LoadError::OtherBoard { .. }
        | LoadError::Manifest(_)
        | LoadError::ByHand { .. }
        | LoadError::NotBuilt { .. } => BAD_INPUT,
        LoadError::NoDevice { .. } => NO_DEVICE,
        LoadError::NoAccess { .. } => NO_ACCESS,
        LoadError::Tool(_) | LoadError::Failed { .. } => FAILED,
    }
}

fn device(error: &DeviceError) -> u8 {
    match error.specific() {
        Some(BoardError::NoDevice(_)) => NO_DEVICE,
        Some(BoardError::NoAccess(_)) => NO_ACCESS,
        Some(BoardError::Link(LinkError::Interrupted { .. })) => INTERRUPTED,
        Some(BoardError::Link(_)) => LINK,
        Some(BoardError::Port(error)) => port(error),
        Some(BoardError::VirtualBoard { .. }) => FAILED,
        _ => BAD_INPUT,
    }
}

/// What a device had to say, wherever in the error it stands: transparent errors hide what they hold.
pub fn device_error(error: &anyhow::Error) -> Option<&DeviceError> {
    error.chain().find_map(|cause| {
        let evaluation = match cause.downcast_ref() {
            Some(TrainingError::Device(device)) => return Some(device),
            Some(TrainingError::Evaluation(evaluation)) => Some(evaluation),
            _ => match cause.downcast_ref() {
                Some(BenchError::Device(device)) => return Some(device),
                Some(BenchError::Evaluation(evaluation)) => Some(evaluation),
                _ => cause.downcast_ref(),
            },
        };
        match evaluation {
            Some(EvaluationError::Device(device)) => Some(device),
            _ => cause.downcast_ref(),
        }
    })
}

fn find<E: std::error::Error + 'static>(error: &anyhow::Error) -> Option<&E> {
    error.chain().find_map(|cause| cause.downcast_ref::<E>())
}

fn io_kind(error: &anyhow::Error) -> Option<io::ErrorKind> {
    find::<io::Error>(error).map(io::Error::kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(name: &str) -> Board {
        name.parse().unwrap()
    }
    use wheatstone::device::DeviceUrl;
    use wheatstone::ports::Holder;
    use wheatstone_hdl::{Board, Technology};
    use wheatstone_learn::run::WriteError;
    use wheatstone_link::TransportError;

    #[test]
    fn errors_end_in_their_documented_codes() {
        let io = |kind| io::Error::new(kind, "no");
        let linked = |error: LinkError| DeviceError::from(BoardError::from(error));
        let gone = || DeviceError::from(BoardError::NoDevice(TransportError::Gone { port: "x".into() }));
        let write = |kind| RunError::from(WriteError { path: "x".into(), source: io(kind) });
        for (error, code) in [
            (Interrupted("go on".into()).into(), INTERRUPTED),
            (CrossValidationError::Interrupted.into(), INTERRUPTED),
            (BenchError::Interrupted.into(), INTERRUPTED),
            (BenchError::from(gone()).into(), NO_DEVICE),
            (Mismatch("edge_3".into()).into(), MISMATCH),
            (write(io::ErrorKind::StorageFull).into(), FAILED),
            (write(io::ErrorKind::PermissionDenied).into(), NO_ACCESS),
            (RunError::Occupied { path: "x".into() }.into(), BAD_INPUT),
            (RunError::Busy { path: "x".into(), holder: "process 1".into() }.into(), FAILED),
            (TooFewEpochs { trained: 3, epochs: 1, wanted: 2 }.into(), BAD_INPUT),
            (AreaError::NoDevice { technology: Technology::Generic }.into(), BAD_INPUT),
            (AreaError::NotCounted { cell: "x".into() }.into(), FAILED),
            (FlowError::NoDevice { board: Board::generic() }.into(), BAD_INPUT),
            (FlowError::OtherDelays { cell: "edge_9".into(), is_there: false }.into(), BAD_INPUT),
            (ManifestError::Io { path: "x".into(), source: io(io::ErrorKind::NotFound) }.into(), BAD_INPUT),
            (
                FlowError::Slow { board: board("hx8k-evn"), achieved_mhz: 1.0, needed_mhz: 12.0 }.into(),
                FAILED,
            ),
            (TrainingError::from(gone()).into(), NO_DEVICE),
            (TrainingError::from(EvaluationError::from(gone())).into(), NO_DEVICE),
            (EvaluationError::from(gone()).into(), NO_DEVICE),
            (anyhow::Error::new(TrainingError::from(gone())).context("stopped"), NO_DEVICE),
            (linked(LinkError::NoCredits).into(), LINK),
            (linked(LinkError::Interrupted { port: "x".into() }).into(), INTERRUPTED),
            (PortError::NoDevice { others: Vec::new() }.into(), NO_DEVICE),
            (PortError::NoPort { path: "x".into() }.into(), NO_DEVICE),
            (PortError::Several { choices: Vec::new() }.into(), BAD_INPUT),
            (
                PortError::Busy { path: "x".into(), holder: Holder { pid: 1, name: "x".into() } }.into(),
                NO_ACCESS,
            ),
            (LoadError::NoAccess { board: board("ulx3s-85f"), said: String::new() }.into(), NO_ACCESS),
            ("usb:".parse::<DeviceUrl>().unwrap_err().into(), BAD_INPUT),
            (ConfigError::Extends { origin: "x".into() }.into(), BAD_INPUT),
            (anyhow::anyhow!("something else"), FAILED),
        ] {
            assert_eq!(classify(&error), code, "{error:#}");
        }
    }

    #[test]
    fn long_messages_keep_their_ends() {
        let long = format!("file.toml: {} is no number; correct it", "\u{e9}".repeat(5_000_000));
        let short = shortened(&long);
        assert!(
            short.len() < 5000 && short.starts_with("file.toml: ") && short.ends_with("correct it"),
            "{short}"
        );
        assert_eq!(shortened("brief"), "brief");
    }

    #[test]
    fn only_a_closed_output_is_no_error() {
        let pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_closed_output(&pipe().into()));
        assert!(!is_closed_output(&WriteError { path: "pipe".into(), source: pipe() }.into()));
        assert!(!is_closed_output(&io::Error::from(io::ErrorKind::StorageFull).into()));
    }

    #[test]
    fn a_cause_is_told_once() {
        let cause = || io::Error::other("the disk is full");
        let told = RunError::from(WriteError { path: "x".into(), source: cause() });
        assert_eq!(message(&told.into()).matches("the disk is full").count(), 1);
        let untold = anyhow::Error::new(cause()).context("cannot write");
        assert_eq!(message(&untold), "cannot write: the disk is full");
    }
}
