//! The project's own tasks: everything a script would do elsewhere.
//!
//! `cargo xtask test` is the one test command. The other tasks provide tools, rewrite golden files, fuzz the parsers, build
//! the committed bitstreams again and compare results with other software. A task announces every command before it runs it, in a form that can be pasted
//! into a shell at the root of the repository.
//!
//! Exit codes: 0 ok, 1 a step failed, 2 wrong usage.

#![allow(clippy::print_stdout, reason = "a task's results are for the terminal")]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod apt;
mod bless;
mod check_bitstreams;
mod compare_sklearn;
mod compare_speed;
mod compare_sweeps;
mod compare_tables;
mod comparison;
mod disturb_runs;
mod fuzz;
mod graphics;
mod hardware_tools;
mod invocation;
mod measure_gpu;
mod measure_mnist;
mod paths;
mod python_package;
mod setup;
mod test_suite;
mod tool;
mod venv;

/// Tasks of the Wheatstone project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Test(test_suite::Args),
    Setup(setup::Args),
    /// Rewrite the golden files under testdata/ from what the code does now, and show what changed
    Bless,
    DisturbRuns(disturb_runs::Args),
    Fuzz(fuzz::Args),
    CheckBitstreams(check_bitstreams::Args),
    CompareSklearn(compare_sklearn::Args),
    CompareSpeed(compare_speed::Args),
    CompareSweeps(compare_sweeps::Args),
    CompareTables(compare_tables::Args),
    MeasureGpu(measure_gpu::Args),
    MeasureMnist(measure_mnist::Args),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Test(args) => test_suite::run(&args),
        Task::Setup(args) => setup::run(&args),
        Task::Bless => bless::run(),
        Task::DisturbRuns(args) => disturb_runs::run(&args),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::CheckBitstreams(args) => check_bitstreams::run(&args),
        Task::CompareSklearn(args) => compare_sklearn::run(&args),
        Task::CompareSpeed(args) => compare_speed::run(&args),
        Task::CompareSweeps(args) => compare_sweeps::run(&args),
        Task::CompareTables(args) => compare_tables::run(&args),
        Task::MeasureGpu(args) => measure_gpu::run(&args),
        Task::MeasureMnist(args) => measure_mnist::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
