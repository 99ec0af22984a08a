//! A process that is asked in JSON, one request and one reply a line.
//!
//! A reply is what was asked for, or an object with a field `error`. The process ends with its standard input.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;
use thiserror::Error;

/// How often somebody who waits for a reply is asked whether to go on.
const LOOK: Duration = Duration::from_millis(100);

/// Lines of standard error that are kept for an error's message.
const LAST_LINES: usize = 12;

/// Characters of a request or a reply that a message shows.
const SHOWN: usize = 200;

/// A process that does not do what it is asked.
#[derive(Debug, Error)]
pub enum WorkerError {
    /// It cannot be started.
    #[error("cannot start {name} as `{program}`: {source}; is it installed, and on PATH?")]
    Start {
        /// What it is called.
        name: String,
        /// The program.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// It ended although it was needed.
    #[error("{name} ended in the middle of a measurement; {said}")]
    Ended {
        /// What it is called.
        name: String,
        /// Its last words.
        said: String,
    },
    /// It cannot do what it was asked.
    #[error("{name} was asked {request}: {why}")]
    Refused {
        /// What it is called.
        name: String,
        /// What it was asked.
        request: String,
        /// What it answered.
        why: String,
    },
    /// It answered something else.
    #[error("{name} was asked {request}: its reply is no answer: {reply}: {source}")]
    Reply {
        /// What it is called.
        name: String,
        /// What it was asked.
        request: String,
        /// What it answered.
        reply: String,
        /// What is wrong with that.
        source: serde_json::Error,
    },
    /// Somebody asked to stop while it worked.
    #[error("{name} was stopped")]
    Stopped {
        /// What it is called.
        name: String,
    },
}

/// Says whether somebody asked to stop.
type Stopped = Box<dyn Fn() -> bool>;

/// A process that answers requests.
pub struct Worker {
    name: String,
    child: Child,
    requests: Option<ChildStdin>,
    replies: Receiver<String>,
    /// The last lines of its standard error, where that is read here.
    said: Option<Arc<Mutex<VecDeque<String>>>>,
    stopped: Stopped,
}

impl Worker {
    /// Starts it. Its standard error is read, for the messages of errors, if the command makes a pipe of it.
    ///
    /// # Errors
    /// [`WorkerError::Start`]
    pub fn start(name: impl Into<String>, command: &mut Command) -> Result<Worker, WorkerError> {
        let name = name.into();
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = started.map_err(|source| {
            let program = command.get_program().to_string_lossy().into_owned();
            WorkerError::Start { name: name.clone(), program, source }
        })?;
        let requests = child.stdin.take();
        let (sender, replies) = mpsc::channel();
        if let Some(out) = child.stdout.take() {
            // The thread ends with the pipe, or when nobody listens any more.
            thread::spawn(move || lines(out).try_for_each(|line| sender.send(line)));
        }
        let said = child.stderr.take().map(|err| {
            let said = Arc::new(Mutex::new(VecDeque::new()));
            let kept = Arc::clone(&said);
            thread::spawn(move || lines(err).for_each(|line| keep(&kept, line)));
            said
        });
        Ok(Worker { name, child, requests, replies, said, stopped: Box::new(|| false) })
    }

    /// Has it end when `stopped` says so while a reply is waited for.
    #[must_use]
    pub fn until(mut self, stopped: impl Fn() -> bool + 'static) -> Worker {
        self.stopped = Box::new(stopped);
        self
    }

    /// Asks and waits for the reply.
    ///
    /// # Errors
    /// [`WorkerError`]: the process ended, cannot do what is asked, says something else, or was stopped.
    pub fn ask<R: DeserializeOwned>(&mut self, request: &impl Serialize) -> Result<R, WorkerError> {
        let text = serde_json::to_string(request)
            .map_err(|source| self.no_answer("a request", "nothing, it cannot be written", source))?;
        let sent = match &mut self.requests {
            Some(requests) => writeln!(requests, "{text}").and_then(|()| requests.flush()).is_ok(),
            None => false,
        };
        if !sent {
            return Err(self.ended());
        }
        let reply = loop {
            match self.replies.recv_timeout(LOOK) {
                Ok(reply) => break reply,
                Err(RecvTimeoutError::Timeout) if (self.stopped)() => {
                    self.end();
                    return Err(WorkerError::Stopped { name: self.name.clone() });
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
            }
        };
        if let Ok(Refusal { error }) = serde_json::from_str(&reply) {
            return Err(WorkerError::Refused {
                name: self.name.clone(),
                request: shortened(&text),
                why: error,
            });
        }
        serde_json::from_str(&reply).map_err(|source| self.no_answer(&text, &reply, source))
    }

    fn no_answer(&self, request: &str, reply: &str, source: serde_json::Error) -> WorkerError {
        let (request, reply) = (shortened(request), shortened(reply));
        WorkerError::Reply { name: self.name.clone(), request, reply, source }
    }

    /// Why there is no reply: what it wrote last, once it is gone.
    fn ended(&mut self) -> WorkerError {
        self.end();
        let said = match &self.said {
            None => "what it wrote to stderr stands above".to_owned(),
            Some(said) => {
                let said = said.lock().unwrap_or_else(PoisonError::into_inner);
                match said.len() {
                    0 => "it wrote nothing to stderr".to_owned(),
                    _ => format!("it wrote: {}", Vec::from_iter(said.iter().cloned()).join("\n")),
                }
            }
        };
        WorkerError::Ended { name: self.name.clone(), said }
    }

    /// Ends the process, whatever it does.
    fn end(&mut self) {
        self.requests = None;
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end();
    }
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// The lines of a pipe, whatever bytes they hold.
fn lines(pipe: impl Read) -> impl Iterator<Item = String> {
    let lines = BufReader::new(pipe).split(b'\n').map_while(Result::ok);
    lines.map(|line| String::from_utf8_lossy(&line).trim_end().to_owned())
}

fn keep(said: &Mutex<VecDeque<String>>, line: String) {
    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
    said.push_back(line);
    if said.len() > LAST_LINES {
        said.pop_front();
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    text.chars().take(SHOWN).chain("...".chars()).collect()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::rc::Rc;

    fn worker(script: &str) -> Worker {
        Worker::start("mayfly", Command::new("sh").args(["-c", script]).stderr(Stdio::piped())).unwrap()
    }

    #[test]
    fn a_request_has_a_reply() {
        let mut worker = worker(r#"while read -r line; do echo "{\"heard\":$line}"; done"#);
        for number in [1.0, 0.1, 4_294_967_295.0] {
            let reply: serde_json::Value = worker.ask(&number).unwrap();
            assert_eq!(reply["heard"].as_f64(), Some(number));
        }
    }

    #[test]
    fn refusals_and_nonsense_are_told_apart() {
        let mut worker =
            worker(r#"read line; echo '{"error":"no task"}'; read line; echo Traceback; read line"#);
        let error = worker.ask::<u32>(&"x").unwrap_err().to_string();
        assert_eq!(error, r#"mayfly was asked "x": no task"#);
        let error = worker.ask::<u32>(&"y".repeat(1000)).unwrap_err().to_string();
        assert!(error.contains("its reply is no answer: Traceback") && error.len() < 400, "{error}");
    }

    #[test]
    fn who_ends_is_named_with_the_last_words() {
        let mut worker = worker("read line; echo first >&2; echo out of memory >&2");
        // What it wrote is read by a thread of its own.
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        let error = worker.ask::<u32>(&1).unwrap_err().to_string();
        assert!(error.starts_with("mayfly ended in the middle"), "{error}");
        while !worker.ended().to_string().contains("first\nout of memory") {
            assert!(std::time::Instant::now() < deadline, "{}", worker.ended());
            thread::yield_now();
        }
    }

    #[test]
    fn who_does_not_answer_can_be_stopped() {
        let asked = Rc::new(Cell::new(0));
        let count = Rc::clone(&asked);
        let mut worker = worker("sleep 1000").until(move || {
            count.set(count.get() + 1);
            count.get() == 3
        });
        assert!(matches!(worker.ask::<u32>(&1), Err(WorkerError::Stopped { .. })));
        assert_eq!(asked.get(), 3);
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = Worker::start("torch", &mut Command::new("no-such-program")).err().unwrap().to_string();
        assert!(error.starts_with("cannot start torch as `no-such-program`"), "{error}");
    }
}
