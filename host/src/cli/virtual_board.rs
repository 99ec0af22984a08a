//! `wheatstone virtual-board`

use super::failure::{OrFailed, Result};
use clap::Args;
use signal_hook::consts::signal::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use wheatstone::link::Pty;
use wheatstone_learn::run::read_checkpoint;
use wheatstone_link::{Board, Capacities};
use wheatstone_sim::Reference;

/// Serve a virtual board at a pseudo-terminal, until standard input ends
///
/// The first line of standard output is the path of its serial port.
#[derive(Args, Debug)]
pub struct VirtualBoard {
    /// The design the board holds, and the state it is switched on in
    #[arg(long, value_name = "FILE")]
    checkpoint: PathBuf,
    /// Speed of the line; 0 for as fast as it goes
    #[arg(long, default_value_t = 0)]
    baud: u32,
    /// Requests that may be on their way at once
    #[arg(long, default_value_t = Capacities::default().credits, value_parser = clap::value_parser!(u8).range(1..))]
    credits: u8,
    /// Words of sample memory, a power of two
    #[arg(long, value_name = "WORDS", default_value_t = Capacities::default().sample_words, value_parser = power_of_two)]
    sample_words: u32,
}

impl VirtualBoard {
    pub fn run(&self) -> Result<()> {
        let stop = Arc::new(AtomicBool::new(false));
        let checkpoint = read_checkpoint(&self.checkpoint)?;
        let engine = Reference::new(Arc::new(checkpoint.design), checkpoint.configuration, checkpoint.state)?;
        let Self { credits, sample_words, baud, .. } = *self;
        let mut board =
            Board::new(engine, Capacities { credits, sample_words, baud, ..Capacities::default() })?;
        let pty = Pty::open().or_failed_to("cannot open a pseudo-terminal")?;
        let mut output = io::stdout();
        writeln!(output, "{}", pty.path()).and_then(|()| output.flush()).or_failed()?;
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&stop))
                .or_failed_to("cannot listen for signals")?;
        }
        // What a scheduler says to all processes of a job is for the run to act on; the board goes on until that is done.
        for signal in [SIGUSR1, SIGUSR2] {
            signal_hook::flag::register(signal, Arc::default()).or_failed_to("cannot listen for signals")?;
        }
        let ended = Arc::clone(&stop);
        std::thread::spawn(move || {
            // Whoever started us holds the other end; when it is gone, so are we.
            drop(io::copy(&mut io::stdin().lock().by_ref(), &mut io::sink()));
            ended.store(true, Ordering::SeqCst);
        });
        pty.serve(&mut board, self.baud, || stop.load(Ordering::SeqCst))
            .map(drop)
            .or_failed_to("the pseudo-terminal fails")
    }
}

fn power_of_two(text: &str) -> Result<u32, String> {
    let words: u32 = text.parse().map_err(|_| "it must be a number".to_owned())?;
    if words.is_power_of_two() && words <= 1 << 16 {
        Ok(words)
    } else {
        Err("it must be a power of two up to 65536".to_owned())
    }
}
