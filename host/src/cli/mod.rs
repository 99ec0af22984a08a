//! The command line: what can be said, and which verb answers.

mod advice;
mod anneal;
mod arguments;
mod bench;
mod build;
mod completions;
mod convert;
mod cost;
mod cross_validate;
mod data;
mod device;
mod devices;
mod doctor;
mod energy_table;
mod eval;
mod exit;
mod failure;
mod hdl;
mod help;
mod inspect;
mod interrupt;
mod learning_advice;
mod load;
mod man;
mod monitor;
mod numbers;
mod output;
mod predict;
mod presets;
mod progress;
mod resume;
mod sample;
mod scan;
mod score_text;
mod state_arguments;
mod study;
mod study_output;
mod sweep;
mod table;
mod table_arguments;
mod trace;
mod train;
mod training_loop;
mod tune;
mod verify;
#[cfg(unix)]
mod virtual_board;

use clap::{FromArgMatches, Parser, Subcommand};
use output::Output;
use std::process::ExitCode;

/// Train, inspect and measure resistor networks that learn by themselves.
///
/// Exit codes: 0 done; 1 the run failed; 2 wrong usage or bad input; 3 no device; 4 no access; 5 link error;
/// 6 device and model differ; 130 interrupted, with a checkpoint (sample, trace, anneal: with figures so far; study: with none).
#[derive(Debug, Parser)]
#[command(name = "wheatstone", version = env!("WHEATSTONE_VERSION"), max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
    /// Print one JSON object as the last line of standard output
    #[arg(long, global = true)]
    json: bool,
    /// Print nothing but results and errors
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Train(train::Train),
    Resume(resume::Resume),
    Eval(eval::Eval),
    CrossValidate(cross_validate::CrossValidate),
    #[command(subcommand)]
    Sweep(sweep::Sweep),
    Tune(tune::Tune),
    Bench(bench::Bench),
    EnergyTable(energy_table::EnergyTable),
    Build(build::Build),
    Predict(predict::Predict),
    Sample(sample::SampleVerb),
    Trace(trace::Trace),
    Anneal(anneal::Anneal),
    #[command(subcommand)]
    Study(study::Study),
    Inspect(inspect::Inspect),
    Convert(convert::Convert),
    Presets(presets::Presets),
    Data(data::Data),
    #[command(subcommand)]
    Hdl(hdl::Hdl),
    #[cfg(unix)]
    #[command(hide = true)]
    VirtualBoard(virtual_board::VirtualBoard),
    Verify(verify::Verify),
    #[command(subcommand)]
    Scan(scan::Scan),
    Devices(devices::Devices),
    Doctor(doctor::Doctor),
    Load(load::Load),
    Monitor(monitor::MonitorArguments),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Reads the command line, does it, and says how it ended.
pub fn main() -> ExitCode {
    let cli = match help::command().try_get_matches().and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error),
    };
    let output = Output::new(cli.json, cli.quiet);
    let done = match cli.verb {
        Verb::Train(verb) => verb.run(&output),
        Verb::Resume(verb) => verb.run(&output),
        Verb::Eval(verb) => verb.run(&output),
        Verb::CrossValidate(verb) => verb.run(&output),
        Verb::Sweep(verb) => verb.run(&output),
        Verb::Tune(verb) => verb.run(&output),
        Verb::Bench(verb) => verb.run(&output),
        Verb::EnergyTable(verb) => verb.run(&output),
        Verb::Build(verb) => verb.run(&output),
        Verb::Predict(verb) => verb.run(&output),
        Verb::Sample(verb) => verb.run(&output),
        Verb::Trace(verb) => verb.run(&output),
        Verb::Anneal(verb) => verb.run(&output),
        Verb::Study(verb) => verb.run(&output),
        Verb::Inspect(verb) => verb.run(&output),
        Verb::Convert(verb) => verb.run(&output),
        Verb::Presets(verb) => verb.run(&output),
        Verb::Data(verb) => verb.run(&output),
        Verb::Hdl(verb) => verb.run(&output),
        #[cfg(unix)]
        Verb::VirtualBoard(verb) => verb.run(),
        Verb::Verify(verb) => verb.run(&output),
        Verb::Scan(verb) => verb.run(&output),
        Verb::Devices(verb) => verb.run(&output),
        Verb::Doctor(verb) => verb.run(&output),
        Verb::Load(verb) => verb.run(&output),
        Verb::Monitor(verb) => verb.run(&output),
        Verb::Completions(verb) => verb.run(),
        Verb::Man(verb) => verb.run(),
    };
    // What went wrong first is what is told.
    let recorded = device::close_recordings();
    exit::code(done.and(recorded))
}
