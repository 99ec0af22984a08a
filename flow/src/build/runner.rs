//! What runs a stage: files in the build's folder, the cache, tools as processes, and who is told.

use super::{Settings, StageRun};
use crate::cache::{Cache, Key, sha256_of};
use crate::error::{At, FlowError};
use crate::router_log::RouterLog;
use crate::stage::Stage;
use crate::toolchain::Versioned;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;
use wheatstone_tools::ToolError;

/// One run of a tool on files of the build's folder.
pub(super) struct Task<'a> {
    pub stage: Stage,
    pub tool: &'a Versioned,
    pub arguments: Vec<String>,
    pub inputs: &'a [&'a str],
    /// What it leaves behind, besides its log.
    pub results: &'a [&'a str],
    pub log: &'a str,
}

/// Where stages run, and who is told of them.
pub(super) struct Runner<'a> {
    pub settings: &'a Settings,
    /// The stages as they went.
    pub runs: Vec<StageRun>,
    cache: Cache,
    told: &'a mut dyn FnMut(Stage, u32),
    pub stop: &'a dyn Fn() -> bool,
}

impl<'a> Runner<'a> {
    /// A runner in the folders of `settings`, which are made if need be.
    pub fn new(
        settings: &'a Settings,
        told: &'a mut dyn FnMut(Stage, u32),
        stop: &'a dyn Fn() -> bool,
    ) -> Result<Runner<'a>, FlowError> {
        fs::create_dir_all(&settings.folder).at(&settings.folder)?;
        let cache = Cache::open(&settings.cache)?;
        Ok(Runner { settings, runs: Vec::new(), cache, told, stop })
    }

    /// A file of the build.
    pub fn path(&self, name: &str) -> PathBuf {
        self.settings.folder.join(name)
    }

    /// Runs a stage: `work` gives what it made, and whether all of it was in the cache.
    pub fn stage<T>(
        &mut self,
        stage: Stage,
        round: u32,
        work: impl FnOnce(&Runner<'_>) -> Result<(T, bool), FlowError>,
    ) -> Result<T, FlowError> {
        if (self.stop)() {
            return Err(FlowError::Stopped { stage });
        }
        (self.told)(stage, round);
        let since = Instant::now();
        let (made, cached) = work(self)?;
        self.runs.push(StageRun { stage, round, cached, took: since.elapsed() });
        Ok(made)
    }

    /// A stage that is one task.
    pub fn task(&mut self, round: u32, task: &Task<'_>) -> Result<(), FlowError> {
        self.stage(task.stage, round, |runner| Ok(((), runner.tool(task)?)))
    }

    /// Runs a tool, or takes what it once made of the same; says whether that was so.
    pub fn tool(&self, task: &Task<'_>) -> Result<bool, FlowError> {
        let &Task { stage, tool, ref arguments, inputs, results, log: log_name } = task;
        let mut key = Key::default().with("tool", &tool.version);
        for argument in arguments {
            key = key.with("argument", argument);
        }
        for name in inputs {
            let path = self.path(name);
            key = key.with(name, sha256_of(&path).at(path)?);
        }
        let anew = self.settings.from.is_some_and(|from| stage >= from);
        let found = if anew { None } else { self.cache.find(&key) };
        let cached = found.is_some();
        let entry = match found {
            Some(entry) => entry,
            None => {
                let place = self.cache.workplace()?;
                for name in inputs {
                    let (from, to) = (self.path(name), place.path().join(name));
                    fs::copy(&from, &to).at(from)?;
                }
                let log = self.path(log_name);
                let mut router = RouterLog::default();
                let mut diverges = false;
                let done = tool.tool.run_logged(arguments, place.path(), &log, || {
                    diverges = stage == Stage::Route && router.diverges(&log);
                    diverges || (self.stop)()
                });
                done.map_err(|source| match source {
                    ToolError::Stopped { .. } if diverges => {
                        FlowError::Unroutable { attempts: router.attempts(), log: log.clone() }
                    }
                    ToolError::Stopped { .. } => FlowError::Stopped { stage },
                    source => FlowError::Tool { stage, log: log.clone(), source },
                })?;
                if let Some(name) = results.iter().find(|name| !place.path().join(name).is_file()) {
                    return Err(self.wrong(stage, name, &"the tool ended well and did not write it"));
                }
                fs::copy(&log, place.path().join(log_name)).at(&log)?;
                self.cache.keep(&key, place, &[results, &[log_name]].concat())?
            }
        };
        for name in results.iter().copied().chain([log_name]) {
            let to = self.path(name);
            // A log that was just written lies there already.
            if cached || name != log_name {
                fs::copy(entry.join(name), &to).at(to)?;
            }
        }
        Ok(cached)
    }

    /// A file that a stage left and that says something else than it should.
    pub fn wrong(&self, stage: Stage, name: &str, error: &dyn Display) -> FlowError {
        FlowError::Format { stage, file: self.path(name), message: error.to_string() }
    }

    /// JSON that a stage left.
    pub fn json<T: DeserializeOwned>(&self, stage: Stage, name: &str) -> Result<T, FlowError> {
        let path = self.path(name);
        let text = fs::read(&path).at(&path)?;
        serde_json::from_slice(&text).map_err(|error| self.wrong(stage, name, &error))
    }

    /// Writes a file of the build.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> Result<(), FlowError> {
        let path = self.path(name);
        fs::write(&path, contents).at(&path)
    }
}
