//! Threads that share work of microseconds.
//!
//! Every member owns a desk. A job is moved into it and back, so that nothing is borrowed across threads and between two calls all
//! jobs lie where they did. A sleeping thread takes longer to wake than a job takes to do: both sides spin for some time, then yield, so
//! that the other one gets a processor, and only then does a member sleep. General pools of threads wake theirs for every
//! call, which costs more than it saves here.

use std::fmt;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Builder, JoinHandle};

/// Work for one thread.
pub(super) trait Job: Send + 'static {
    /// Does it.
    fn run(&mut self);
}

/// A desk has no job, one to be done, one that is done; or its member is to end.
const EMPTY: u8 = 0;
const GIVEN: u8 = 1;
const DONE: u8 = 2;
const OVER: u8 = 3;

/// So often one looks whether it is one's turn before one lets others have the processor in between: both sides may have the same.
const LOOKS_BEFORE_YIELDING: u32 = 1 << 5;

/// And so often before one sleeps: some tens of microseconds.
const LOOKS_BEFORE_SLEEPING: u32 = LOOKS_BEFORE_YIELDING + (1 << 7);

/// What both sides see of a member.
struct Desk<J> {
    stage: AtomicU8,
    /// Nobody ever waits for this lock: whose turn it is, `stage` says.
    job: Mutex<Option<J>>,
}

impl<J> Desk<J> {
    fn stage(&self) -> u8 {
        self.stage.load(Ordering::Acquire)
    }

    fn exchange(&self, job: Option<J>) -> Option<J> {
        std::mem::replace(&mut *self.job.lock().unwrap_or_else(PoisonError::into_inner), job)
    }
}

struct Member<J> {
    desk: Arc<Desk<J>>,
    thread: JoinHandle<()>,
}

/// A caller and the threads that help it.
pub(super) struct Team<J> {
    members: Vec<Member<J>>,
}

impl<J: Job> Team<J> {
    /// A team of so many threads, the caller's among them; of fewer if the system gives no more.
    pub(super) fn new(threads: usize) -> Team<J> {
        let member = |_| {
            let desk = Arc::new(Desk { stage: AtomicU8::new(EMPTY), job: Mutex::new(None) });
            let own = Arc::clone(&desk);
            let thread = Builder::new().name("wheatstone team".to_owned()).spawn(move || serve(&own)).ok()?;
            Some(Member { desk, thread })
        };
        Team { members: (1..threads).map_while(member).collect() }
    }

    /// Does all jobs, the first in this thread. They end in the order they had.
    ///
    /// # Panics
    /// If a job does.
    pub(super) fn run(&mut self, jobs: &mut Vec<J>) {
        let given = self.members.len().min(jobs.len().saturating_sub(1));
        let own = jobs.len() - given;
        for (member, job) in self.members.iter().zip(jobs.drain(own..)) {
            member.desk.exchange(Some(job));
            member.desk.stage.store(GIVEN, Ordering::Release);
            member.thread.thread().unpark();
        }
        jobs.iter_mut().for_each(Job::run);
        jobs.extend(self.members[..given].iter().map(Member::finished));
    }
}

impl<J> Member<J> {
    /// Its job, once that is done.
    #[expect(clippy::panic, reason = "the member's own panic goes on in the thread that waits for it")]
    fn finished(&self) -> J {
        let mut looks = 0;
        while self.desk.stage() != DONE {
            looks += 1;
            if looks < LOOKS_BEFORE_YIELDING {
                spin_loop();
            } else if self.thread.is_finished() {
                panic!("a job panicked in the team's thread");
            } else {
                thread::yield_now();
            }
        }
        self.desk.stage.store(EMPTY, Ordering::Relaxed);
        self.desk.exchange(None).unwrap_or_else(|| unreachable!("a desk whose job is done holds it"))
    }
}

/// What a member does until its team is over.
fn serve<J: Job>(desk: &Desk<J>) {
    let mut looks = 0;
    loop {
        match desk.stage() {
            GIVEN => {
                let mut job = desk.exchange(None);
                job.iter_mut().for_each(Job::run);
                desk.exchange(job);
                desk.stage.store(DONE, Ordering::Release);
                looks = 0;
            }
            OVER => return,
            _ if looks < LOOKS_BEFORE_SLEEPING => {
                looks += 1;
                if looks < LOOKS_BEFORE_YIELDING { spin_loop() } else { thread::yield_now() }
            }
            // A call for it since the look above lets it return at once.
            _ => thread::park(),
        }
    }
}

impl<J> Drop for Team<J> {
    fn drop(&mut self) {
        for member in self.members.drain(..) {
            member.desk.stage.store(OVER, Ordering::Release);
            member.thread.thread().unpark();
            // A panic in it was passed on where its job was waited for.
            let _ = member.thread.join();
        }
    }
}

/// A clone has no threads: it may well be one of many, each in a thread of its own.
impl<J: Job> Clone for Team<J> {
    fn clone(&self) -> Self {
        Team::new(1)
    }
}

impl<J> fmt::Debug for Team<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Team of {}", self.members.len() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Square {
        of: u64,
        is: u64,
        by: Option<thread::ThreadId>,
    }

    impl Job for Square {
        fn run(&mut self) {
            (self.is, self.by) = (self.of * self.of, Some(thread::current().id()));
        }
    }

    #[test]
    fn jobs_are_done_by_all_and_keep_their_order() {
        for (threads, count) in [(1, 3), (2, 1), (2, 2), (3, 3), (5, 5), (3, 7)] {
            let mut team = Team::new(threads);
            let square = |of| Square { of, is: 0, by: None };
            let mut jobs: Vec<Square> = (0..count).map(square).collect();
            for round in 0..1000u64 {
                jobs.iter_mut().for_each(|job| job.of += round);
                team.run(&mut jobs);
                assert!(jobs.iter().all(|job| job.is == job.of * job.of), "{threads} threads, {count} jobs");
                assert!(jobs.is_sorted_by_key(|job| job.of));
            }
            // Of a team that has slept, too.
            thread::sleep(std::time::Duration::from_millis(2));
            jobs.iter_mut().for_each(|job| job.of += 1);
            team.run(&mut jobs);
            assert!(jobs.iter().all(|job| job.is == job.of * job.of));
            let by: std::collections::HashSet<_> = jobs.iter().map(|job| job.by).collect();
            assert_eq!(by.len(), threads.min(jobs.len()));
        }
    }

    struct Fails;

    impl Job for Fails {
        fn run(&mut self) {
            assert_eq!(thread::current().name(), None, "this one is to panic");
        }
    }

    #[test]
    fn a_panic_in_a_member_is_passed_on() {
        let caller = Builder::new().spawn(|| Team::new(2).run(&mut vec![Fails, Fails]));
        let panic = caller.unwrap().join().unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"a job panicked in the team's thread"));
    }
}
