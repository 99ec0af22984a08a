//! What nextpnr's routers say while they work, and when one does not converge.
//!
//! Router 1 lays arc after arc and takes away what is in the way of one, to be laid again. On a full device two arcs may take
//! each other's wires for ever. A line for every thousand attempts tells how far it is. Router 2 lays all of them, lets
//! those that share a wire bargain for it, and tells of every such iteration; it may happen that two never agree. Either is seen by
//! counting, and so is seen again on any machine.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Router 1's attempts for each arc after which there is no hope. Of the designs in this repository none took more than three.
const ATTEMPTS_PER_ARC: u64 = 12;

/// Router 2's iterations after which there is no hope; two hundred are many.
const ITERATIONS: u64 = 1000;

/// Reads a log as it grows.
#[derive(Debug, Default)]
pub struct RouterLog {
    file: Option<File>,
    /// A line of which the end is not written yet.
    begun: Vec<u8>,
    /// Attempts so far, or iterations.
    attempts: u64,
    /// How many of them are a sign that there is no hope, once that is known.
    most: Option<u64>,
}

impl RouterLog {
    /// Reads what was added to the file at `path` and says whether the router tried so often that it will not end.
    ///
    /// A file that is not there, or not yet, tells nothing.
    pub fn diverges(&mut self, path: &Path) -> bool {
        if self.file.is_none() {
            self.file = File::open(path).ok();
        }
        let mut added = Vec::new();
        if let Some(file) = &mut self.file
            && file.read_to_end(&mut added).is_ok()
        {
            self.take(&added);
        }
        self.most.is_some_and(|most| self.attempts > most)
    }

    /// Attempts or iterations so far.
    pub fn attempts(&self) -> u64 {
        self.attempts
    }

    fn take(&mut self, added: &[u8]) {
        self.begun.extend_from_slice(added);
        let Some(end) = self.begun.iter().rposition(|&byte| byte == b'\n') else { return };
        let begun = self.begun.split_off(end + 1);
        let ended = std::mem::replace(&mut self.begun, begun);
        String::from_utf8_lossy(&ended).lines().for_each(|line| self.line(line));
    }

    fn line(&mut self, line: &str) {
        let told = line.trim_start_matches("Info:").trim();
        if let Some(arcs) = told.strip_prefix("Routing ").and_then(|rest| rest.strip_suffix(" arcs.")) {
            // What router 2 leaves to router 1 may be nothing at all.
            self.most = arcs.parse().ok().filter(|&arcs| arcs > 0).map(|arcs: u64| arcs * ATTEMPTS_PER_ARC);
            self.attempts = 0;
        } else if let Some(iteration) = told.strip_prefix("iter=") {
            self.most = Some(ITERATIONS);
            self.attempts = iteration.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        } else if let Some((attempts, _)) = told.split_once('|')
            && let Ok(attempts) = attempts.trim().parse()
        {
            self.attempts = attempts;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const BEGINNING: &str = "Info: Routing 2000 arcs.
Info:            |   (re-)routed arcs  |   delta    | remaining|       time spent     |
Info:    IterCnt |  w/ripup   wo/ripup |  w/r  wo/r |      arcs| batch(sec) total(sec)|
Info:       1000 |       65        934 |   65   934 |      1200|       0.17       0.17|
";

    #[test]
    fn a_router_that_tries_for_ever_is_noticed_while_it_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("route.log");
        let mut log = RouterLog::default();
        assert!(!log.diverges(&path), "no file tells nothing");
        let mut file = File::create(&path).unwrap();
        file.write_all(BEGINNING.as_bytes()).unwrap();
        assert!(!log.diverges(&path));
        assert_eq!(log.attempts(), 1000);
        file.write_all(
            b"Info:      24000 |    20000       4000 |  900   100 |         1|       0.17       9.99|\n",
        )
        .unwrap();
        assert!(!log.diverges(&path), "twelve for an arc are not too many");
        file.write_all(b"Info:      25000 |  ").unwrap();
        assert!(!log.diverges(&path), "a line that is not ended tells nothing");
        file.write_all(b"  20900       4100 |  900   100 |         1|       0.17       9.99|\n").unwrap();
        assert!(log.diverges(&path));
        assert_eq!(log.attempts(), 25000);
    }

    #[test]
    fn other_bars_and_numbers_are_no_attempts() {
        let mut log = RouterLog::default();
        log.take(b"Info: Routing 3 arcs.\nInfo: 12345 of 3\nInfo:  [ 12345, 99999) |**********\n");
        assert_eq!(log.attempts(), 0);
    }

    #[test]
    fn a_router_that_bargains_for_ever_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("route.log");
        let iteration =
            |n: u64| format!("Info:     iter={n} wires=533166 overused=1 overuse=1 archfail=NA\n");
        let diverges = |text: &str| {
            std::fs::write(&path, text).unwrap();
            RouterLog::default().diverges(&path)
        };
        assert!(!diverges(&iteration(1000)));
        assert!(diverges(&iteration(1001)));
        let done = "Info: Routing 0 arcs.\n";
        assert!(!diverges(&(iteration(1001) + done)), "what is done does not diverge");
    }
}
