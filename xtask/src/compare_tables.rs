//! `cargo xtask compare-tables`: tables in many dialects, read by pandas and by the program.

use anyhow::Result;

use crate::invocation::Invocation;
use crate::{tool, venv};

const SCRIPT: &str = "xtask/baselines/tables.py";
const FOLDER: &str = "target/tables";

/// Compare what is read of tables in a dozen dialects with what pandas reads
///
/// Installs pandas at a pinned version into target/venv-tables, and leaves the tables in target/tables.
#[derive(clap::Args)]
pub struct Args {
    /// Seed of what stands in the tables
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// The program, instead of one that is built first
    #[arg(long, value_name = "FILE")]
    program: Option<String>,
}

/// Has the script write the tables, read them both ways, and compare value for value.
///
/// # Errors
/// Either side fails, or a value differs.
pub fn run(args: &Args) -> Result<()> {
    let python = venv::TABLES.python()?;
    let program = match &args.program {
        Some(program) => program.clone(),
        None => tool::built_program()?.to_string_lossy().into_owned(),
    };
    let compare = compare(python, &program, args.seed);
    compare.announce("read tables both ways");
    print!("{}", compare.stdout()?);
    Ok(())
}

fn compare(python: Invocation, program: &str, seed: u32) -> Invocation {
    python.args([SCRIPT, program, FOLDER, "--seed", &seed.to_string()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_reach_the_script() {
        let python = Invocation::new("python");
        assert_eq!(
            compare(python, "w", 3).to_string(),
            "python xtask/baselines/tables.py w target/tables --seed 3"
        );
    }
}
