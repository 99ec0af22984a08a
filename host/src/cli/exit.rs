//! How the program ends: exit codes and the error on standard error.

use super::advice;
use super::failure::{Failure, Result};
use super::output::tell;
use std::borrow::Cow;
use std::io;
use std::process::ExitCode;
use wheatstone_sim::ErrorCategory;

/// The one place that makes exit codes, as `wheatstone --help` tells them.
pub fn exit_code(category: ErrorCategory) -> u8 {
    match category {
        ErrorCategory::Failed => 1,
        ErrorCategory::Usage | ErrorCategory::BadInput => 2,
        ErrorCategory::NoDevice => 3,
        ErrorCategory::NoAccess => 4,
        ErrorCategory::Link => 5,
        ErrorCategory::Mismatch => 6,
        ErrorCategory::Interrupted => 130,
    }
}

/// Clap's own messages: help and version end in 0, wrong usage in 2.
pub fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe is the reader's business.
    drop(error.print());
    ExitCode::from(if error.use_stderr() { exit_code(ErrorCategory::Usage) } else { 0 })
}

/// Prints an error and gives its exit code.
pub fn code(done: Result<()>) -> ExitCode {
    let Err(Failure { category, error }) = done else { return ExitCode::SUCCESS };
    if is_closed_output(&error) {
        return ExitCode::SUCCESS;
    }
    tell(&format!("wheatstone: {}", shortened(&message(&error))));
    for line in advice::for_error(&error) {
        tell(&format!("  {line}"));
    }
    ExitCode::from(exit_code(category))
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

#[cfg(test)]
mod tests {
    use super::*;

    use super::super::failure::{CheckFailed, Interrupted, Mismatch, OrFailed, TooFewEpochs};
    use super::super::verify::NoFlip;
    use wheatstone::bench::BenchError;
    use wheatstone::device::{BoardError, DeviceUrl};
    use wheatstone::energy::{MeasureError, PlanError, SourceError};
    use wheatstone::loading::LoadError;
    use wheatstone::ports::{Denied, Holder, PortError};
    use wheatstone_flow::manifest::ManifestError;
    use wheatstone_flow::{FlowError, Stage};
    use wheatstone_hdl::area::AreaError;
    use wheatstone_hdl::bitstream::{BitstreamError, WrongBoard};
    use wheatstone_hdl::lint::LintError;
    use wheatstone_hdl::{Board, NotBuildable, SimulationError, Technology, TopError};
    use wheatstone_learn::config::ConfigError;
    use wheatstone_learn::conversion::ConversionError;
    use wheatstone_learn::cross_validation::CrossValidationError;
    use wheatstone_learn::data::{CsvError, CsvProblem, DatasetError, EncodingError, IdxError, SplitError};
    use wheatstone_learn::device::DeviceError;
    use wheatstone_learn::evaluation::EvaluationError;
    use wheatstone_learn::experiment::ExperimentError;
    use wheatstone_learn::network_file::NetworkFileError;
    use wheatstone_learn::run::{RunError, WriteError};
    use wheatstone_learn::training::TrainingError;
    use wheatstone_link::protocol::LinkLimit;
    use wheatstone_link::{LinkError, TransportError};
    use wheatstone_sim::{BoxedError, CheckpointError, FileStem, NetworkError, OmegaError, StateError};
    use wheatstone_tools::{Program, ToolError};

    const FAILED: u8 = 1;
    const BAD_INPUT: u8 = 2;
    const NO_DEVICE: u8 = 3;
    const NO_ACCESS: u8 = 4;
    const LINK: u8 = 5;
    const MISMATCH: u8 = 6;
    const INTERRUPTED: u8 = 130;

    fn assert_codes(table: impl IntoIterator<Item = (Failure, u8)>) {
        for (Failure { category, error }, code) in table {
            assert_eq!(exit_code(category), code, "{error:#}");
        }
    }

    fn board(name: &str) -> Board {
        name.parse().unwrap()
    }

    fn io(kind: io::ErrorKind) -> io::Error {
        io::Error::new(kind, "no")
    }

    fn gone() -> DeviceError {
        BoardError::from(LinkError::from(TransportError::Gone { port: "x".into() })).into()
    }

    #[test]
    fn errors_end_in_their_documented_codes() {
        let write = |kind| RunError::from(WriteError { path: "x".into(), source: io(kind) });
        let dataset = || DatasetError::NoRows { name: "x".into() };
        let csv = |problem| CsvError { file: "x".into(), line: None, problem: Box::new(problem) };
        assert_codes([
            (Interrupted("go on".into()).into(), INTERRUPTED),
            (CrossValidationError::Interrupted.into(), INTERRUPTED),
            (BenchError::Interrupted.into(), INTERRUPTED),
            (Mismatch("edge_3".into()).into(), MISMATCH),
            (CheckFailed("no").into(), FAILED),
            (NoFlip::Edge { edge: 3, edges: 2 }.into(), BAD_INPUT),
            (TooFewEpochs { trained: 3, epochs: 1, wanted: 2 }.into(), BAD_INPUT),
            (write(io::ErrorKind::StorageFull).into(), FAILED),
            (write(io::ErrorKind::PermissionDenied).into(), NO_ACCESS),
            (RunError::Occupied { path: "x".into() }.into(), BAD_INPUT),
            (RunError::Busy { path: "x".into(), holder: "process 1".into() }.into(), FAILED),
            (RunError::Folder { path: "x".into(), source: io(io::ErrorKind::StorageFull) }.into(), FAILED),
            (RunError::Read { path: "x".into(), source: io(io::ErrorKind::NotFound) }.into(), BAD_INPUT),
            (RunError::Checkpoint { path: "x".into(), error: CheckpointError::Magic }.into(), BAD_INPUT),
            (ConfigError::Extends { origin: "x".into() }.into(), BAD_INPUT),
            (
                ConfigError::Read { file: "x".into(), source: io(io::ErrorKind::PermissionDenied) }.into(),
                NO_ACCESS,
            ),
            (FileStem::new("name", "..").unwrap_err().into(), BAD_INPUT),
            (
                NetworkFileError::Read { file: "x".into(), source: io(io::ErrorKind::NotFound) }.into(),
                BAD_INPUT,
            ),
            (ConversionError::SampleWithoutRun.into(), BAD_INPUT),
            (ConversionError::from(write(io::ErrorKind::PermissionDenied)).into(), NO_ACCESS),
            (dataset().into(), BAD_INPUT),
            (EncodingError::from(dataset()).into(), BAD_INPUT),
            (IdxError::from(dataset()).into(), BAD_INPUT),
            (csv(CsvProblem::Empty).into(), BAD_INPUT),
            (csv(io(io::ErrorKind::NotFound).into()).into(), BAD_INPUT),
            (ExperimentError::from(csv(io(io::ErrorKind::PermissionDenied).into())).into(), NO_ACCESS),
            (ExperimentError::NoMeans.into(), BAD_INPUT),
            (SplitError::Folds { folds: 1 }.into(), BAD_INPUT),
            (CrossValidationError::from(SplitError::Folds { folds: 1 }).into(), BAD_INPUT),
            (EvaluationError::NoRows { part: "test".into() }.into(), BAD_INPUT),
            (TrainingError::OtherData.into(), BAD_INPUT),
            (NetworkError::NoInputs.into(), BAD_INPUT),
            (OmegaError(3).into(), BAD_INPUT),
        ]);
    }

    #[test]
    fn devices_and_links_end_in_their_documented_codes() {
        let linked = |error: LinkError| DeviceError::from(BoardError::from(error));
        let fails = |kind| TransportError::Failed { port: "x".into(), source: io(kind) };
        let denied = || TransportError::NoAccess { port: "x".into(), reason: "no".into() };
        let length = || StateError::Length { what: "edges", found: 1, expected: 2 };
        assert_codes([
            (gone().into(), NO_DEVICE),
            (TrainingError::from(gone()).into(), NO_DEVICE),
            (TrainingError::from(EvaluationError::from(gone())).into(), NO_DEVICE),
            (EvaluationError::from(gone()).into(), NO_DEVICE),
            (BenchError::from(gone()).into(), NO_DEVICE),
            (Failure::from(TrainingError::from(gone())).context("stopped"), NO_DEVICE),
            (linked(TransportError::Ended { port: "x".into() }.into()).into(), NO_DEVICE),
            (linked(denied().into()).into(), NO_ACCESS),
            (linked(fails(io::ErrorKind::PermissionDenied).into()).into(), LINK),
            (linked(LinkError::NoCredits).into(), LINK),
            (linked(LinkError::Interrupted { port: "x".into() }).into(), INTERRUPTED),
            (linked(LinkError::Reset { expected: 1, found: 2 }).into(), LINK),
            (DeviceError::from(length()).into(), BAD_INPUT),
            (DeviceError::from(BoardError::from(LinkLimit::Voltage { v_bits: 17 })).into(), BAD_INPUT),
            (DeviceError::from(BoardError::Phases { phases: 3 }).into(), BAD_INPUT),
            (
                DeviceError::from(BoardError::VirtualBoard { source: io(io::ErrorKind::PermissionDenied) })
                    .into(),
                FAILED,
            ),
            (DeviceError::from(BoardError::from(PortError::NoPort { path: "x".into() })).into(), NO_DEVICE),
            (PortError::NoDevice { others: Vec::new() }.into(), NO_DEVICE),
            (PortError::NoPort { path: "x".into() }.into(), NO_DEVICE),
            (PortError::Several { choices: Vec::new() }.into(), BAD_INPUT),
            (
                PortError::NoAccess {
                    path: "x".into(),
                    denied: Denied { mode: 0o660, group: "x".into(), by_group: true, listed: false },
                }
                .into(),
                NO_ACCESS,
            ),
            (
                PortError::Busy { path: "x".into(), holder: Holder { pid: 1, name: "x".into() } }.into(),
                NO_ACCESS,
            ),
            ("usb:".parse::<DeviceUrl>().unwrap_err().into(), BAD_INPUT),
            (SourceError::from(TransportError::Gone { port: "x".into() }).into(), NO_DEVICE),
            (BenchError::NoClasses { name: "x".into() }.into(), BAD_INPUT),
            (BenchError::from(MeasureError::from(PlanError::Nobody)).into(), BAD_INPUT),
            (
                BenchError::from(MeasureError::Run {
                    baseline: "x".into(),
                    source: BoxedError::new(BenchError::from(gone())),
                })
                .into(),
                NO_DEVICE,
            ),
        ]);
    }

    #[test]
    fn hardware_and_tools_end_in_their_documented_codes() {
        let start = |kind| ToolError::Start { path: "x".into(), folder: "x".into(), source: io(kind) };
        let degree = || NotBuildable::Degree { node: "x".into(), degree: 99 };
        let no_device = || WrongBoard::NoDevice { board: Board::generic() };
        let hx8k = || board("hx8k-evn");
        let load = |kind| LoadError::Read { path: "x".into(), source: io(kind) };
        let said = String::new;
        assert_codes([
            (AreaError::NoDevice { technology: Technology::Generic }.into(), BAD_INPUT),
            (AreaError::NotCounted { cell: "x".into() }.into(), FAILED),
            (
                AreaError::Tool { cell: "x".into(), source: start(io::ErrorKind::PermissionDenied) }.into(),
                NO_ACCESS,
            ),
            (LintError::NoTop.into(), FAILED),
            (LintError::from(start(io::ErrorKind::NotFound)).into(), FAILED),
            (Failure::tool(ToolError::NotFound { program: Program::Yosys }), FAILED),
            (Failure::tool(start(io::ErrorKind::PermissionDenied)), NO_ACCESS),
            (degree().into(), BAD_INPUT),
            (SimulationError::from(degree()).into(), BAD_INPUT),
            (no_device().into(), BAD_INPUT),
            (FlowError::NoDevice { board: Board::generic() }.into(), BAD_INPUT),
            (FlowError::from(TopError::from(degree())).into(), BAD_INPUT),
            (FlowError::OtherDelays { cell: "edge_9".into(), is_there: false }.into(), BAD_INPUT),
            (FlowError::Stopped { stage: Stage::Route }.into(), INTERRUPTED),
            (FlowError::WrongBoard { file: "x".into(), source: no_device() }.into(), BAD_INPUT),
            // What our own tools wrote is no input.
            (FlowError::Bitstream { file: "x".into(), source: BitstreamError::NoPreamble }.into(), FAILED),
            (FlowError::Io { path: "x".into(), source: io(io::ErrorKind::StorageFull) }.into(), FAILED),
            (FlowError::Slow { board: hx8k(), achieved_mhz: 1.0, needed_mhz: 12.0 }.into(), FAILED),
            (ManifestError::Io { path: "x".into(), source: io(io::ErrorKind::NotFound) }.into(), BAD_INPUT),
            (load(io::ErrorKind::NotFound).into(), BAD_INPUT),
            (load(io::ErrorKind::PermissionDenied).into(), NO_ACCESS),
            (LoadError::Bitstream { path: "x".into(), error: BitstreamError::NoPreamble }.into(), BAD_INPUT),
            (LoadError::WrongBoard { path: "x".into(), error: no_device() }.into(), BAD_INPUT),
            (LoadError::ByHand { board: hx8k(), by_hand: "x" }.into(), BAD_INPUT),
            (LoadError::from(start(io::ErrorKind::NotFound)).into(), FAILED),
            (LoadError::NoDevice { board: hx8k(), said: said() }.into(), NO_DEVICE),
            (LoadError::NoAccess { board: hx8k(), said: said() }.into(), NO_ACCESS),
            (LoadError::Failed { board: hx8k(), said: said(), flash: false }.into(), FAILED),
        ]);
    }

    #[test]
    fn what_says_no_category_has_failed() {
        let met = |kind| Err::<(), _>(io(kind)).or_failed().unwrap_err();
        let other = Err::<(), _>("x".parse::<u8>().unwrap_err()).or_failed_to("something else").unwrap_err();
        assert_eq!(message(&other.error), "something else: invalid digit found in string");
        assert_codes([
            (other, FAILED),
            (met(io::ErrorKind::StorageFull), FAILED),
            (met(io::ErrorKind::PermissionDenied), NO_ACCESS),
        ]);
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
