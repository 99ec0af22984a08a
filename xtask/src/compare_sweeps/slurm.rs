//! Slurm on this machine alone: its daemons with a configuration of their own, in a folder of their own.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{apt, tool};

/// Its controller, its daemon on nodes, and what its messages are signed with.
const PACKAGES: [&str; 3] = ["slurmctld", "slurmd", "munge"];

/// How long its daemons may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often is looked whether something has come about.
const POLL: Duration = Duration::from_millis(50);

/// A cluster of one node, until it is dropped.
pub struct Slurm {
    folder: PathBuf,
    daemons: Vec<Child>,
}

impl Slurm {
    /// Starts it, after an installation of what is missing.
    ///
    /// # Errors
    /// This user is not root, or it does not start; its logs are in the folder.
    pub fn start(folder: &Path, cores: usize) -> Result<Slurm> {
        if tool::on_path("slurmctld").is_none() {
            apt::install(&PACKAGES)?;
        }
        drop(fs::remove_dir_all(folder));
        for part in ["state", "spool"] {
            fs::create_dir_all(folder.join(part))?;
        }
        let host = fs::read_to_string("/proc/sys/kernel/hostname")?;
        fs::write(folder.join("slurm.conf"), configuration(folder, host.trim(), cores))?;
        let mut slurm = Slurm { folder: folder.to_owned(), daemons: Vec::new() };
        slurm.daemon(munged(folder)?)?;
        let socket = format!("--socket={}", folder.join("munge.socket").display());
        slurm.wait_until("answer of munge", || slurm.said("munge", &["--no-input", &socket]).is_ok())?;
        for daemon in ["slurmctld", "slurmd"] {
            let mut command = Command::new(daemon);
            command.arg("-D");
            slurm.daemon(command)?;
        }
        let is_idle =
            || slurm.said("sinfo", &["--noheader", "--format", "%T"]).is_ok_and(|said| said.trim() == "idle");
        slurm.wait_until("idle node", is_idle)?;
        Ok(slurm)
    }

    /// Runs a command as an array of jobs numbered from 1 to `count`, and returns the seconds until all of them are done.
    ///
    /// # Errors
    /// A job fails.
    pub fn array(&self, count: usize, command: &str) -> Result<f64> {
        let began = Instant::now();
        self.submit(count, command, &["--wait"])?;
        Ok(began.elapsed().as_secs_f64())
    }

    /// The same, with those that run first killed and put back into the queue.
    ///
    /// # Errors
    /// A job cannot be put back.
    pub fn requeued_array(&self, count: usize, command: &str) -> Result<()> {
        let id = self.submit(count, command, &["--parsable"])?;
        let jobs = |states: &str| {
            let format = ["--noheader", "--array", "--format", "%i", "--jobs", id.trim(), "--states", states];
            self.said("squeue", &format)
        };
        self.wait_until("running job", || jobs("RUNNING").is_ok_and(|jobs| !jobs.trim().is_empty()))?;
        for job in jobs("RUNNING")?.lines() {
            self.said("scontrol", &["requeue", job])?;
        }
        while !jobs("PENDING,RUNNING,COMPLETING")?.trim().is_empty() {
            thread::sleep(POLL);
        }
        Ok(())
    }

    fn submit(&self, count: usize, command: &str, options: &[&str]) -> Result<String> {
        let (array, log) = (format!("1-{count}"), self.folder.join("job.log"));
        let log = log.to_string_lossy();
        let job = ["--requeue", "--array", &array, "--output", &log, "--wrap", command];
        self.said("sbatch", &[options, &job].concat())
    }

    fn daemon(&mut self, mut command: Command) -> Result<()> {
        let log = fs::File::create(self.folder.join(format!("daemon-{}.log", self.daemons.len())))?;
        command.env("SLURM_CONF", self.folder.join("slurm.conf"));
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.daemons.push(command.spawn().with_context(|| format!("cannot start {command:?}"))?);
        Ok(())
    }

    fn said(&self, program: &str, args: &[&str]) -> Result<String> {
        let mut command = Command::new(program);
        command.args(args).env("SLURM_CONF", self.folder.join("slurm.conf"));
        let output = command.output().with_context(|| format!("cannot start {program}"))?;
        if !output.status.success() {
            let told = String::from_utf8_lossy(&output.stderr);
            bail!("`{command:?}` ended with {}: {}", output.status, told.trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn wait_until(&self, what: &str, is_so: impl Fn() -> bool) -> Result<()> {
        let began = Instant::now();
        while !is_so() {
            if began.elapsed() > PATIENCE {
                bail!("no {what} after {} s; see {}", PATIENCE.as_secs(), self.folder.display());
            }
            thread::sleep(POLL);
        }
        Ok(())
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        for daemon in self.daemons.iter_mut().rev() {
            drop(daemon.kill());
            drop(daemon.wait());
        }
    }
}

/// Munge with a key of its own.
fn munged(folder: &Path) -> Result<Command> {
    let mut key = vec![0; 1024];
    fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(folder.join("munge.key"))?.write_all(&key)?;
    let mut command = Command::new("munged");
    command.args(["--foreground", "--force"]);
    for (option, file) in [
        ("socket", "munge.socket"),
        ("key-file", "munge.key"),
        ("pid-file", "munged.pid"),
        ("seed-file", "munge.seed"),
        ("log-file", "munged.log"),
    ] {
        command.arg(format!("--{option}={}", folder.join(file).display()));
    }
    Ok(command)
}

/// A controller and a node on one machine, without accounting or groups of processes.
fn configuration(folder: &Path, host: &str, cores: usize) -> String {
    let folder = folder.display();
    format!(
        "ClusterName=wheatstone
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
MaxArraySize=100001
MaxJobCount=200000
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"
    )
}
