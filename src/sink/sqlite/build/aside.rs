//! Work beside the thread that asks for it: [`Aside`].

use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Something that does jobs one after another.
pub(super) trait Work: Send + 'static {
    /// What it is given.
    type Job: Send + std::fmt::Debug;

    /// Does a job. Nothing more is asked of it once one has failed.
    fn work(&mut self, job: Self::Job) -> io::Result<()>;
}

/// A [`Work`] that is done here, or on a thread of its own; in order and completely either way.
#[derive(Debug)]
pub(super) struct Aside<W: Work> {
    /// `None` once it is over.
    way: Option<Way<W>>,
}

#[derive(Debug)]
enum Way<W: Work> {
    Here(W),
    Thread(SyncSender<W::Job>, JoinHandle<io::Result<W>>),
}

impl<W: Work> Aside<W> {
    /// Does every job at once, on the thread that brings it.
    pub(super) fn here(work: W) -> Aside<W> {
        Aside { way: Some(Way::Here(work)) }
    }

    /// Moves the work to a thread of this name. So many jobs may wait for it; who brings another waits himself.
    pub(super) fn on_a_thread(mut self, name: &str, waiting: usize) -> io::Result<Aside<W>> {
        let mut work = match self.way.take() {
            Some(Way::Here(work)) => work,
            other => return Ok(Aside { way: other }),
        };
        let (jobs, brought) = sync_channel(waiting);
        let thread = std::thread::Builder::new().name(name.into()).spawn(move || {
            for job in brought {
                work.work(job)?;
            }
            Ok(work)
        });
        let thread = thread.map_err(|error| io::Error::other(format!("a thread could not be started: {error}")))?;
        Ok(Aside { way: Some(Way::Thread(jobs, thread)) })
    }

    /// Has a job done; also says whether an earlier one failed.
    pub(super) fn push(&mut self, job: W::Job) -> io::Result<()> {
        match &mut self.way {
            Some(Way::Here(work)) => return work.work(job),
            Some(Way::Thread(jobs, _)) if jobs.send(job).is_ok() => return Ok(()),
            // Nobody takes jobs any more: what went wrong is to be learnt from the thread's end.
            _ => {}
        }
        self.end()?;
        Err(ended_too_early())
    }

    /// Waits until all jobs are done.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.end()
    }

    fn end(&mut self) -> io::Result<W> {
        match self.way.take() {
            Some(Way::Here(work)) => Ok(work),
            Some(Way::Thread(jobs, thread)) => {
                drop(jobs);
                thread.join().unwrap_or_else(|_| Err(ended_too_early()))
            }
            None => Err(ended_too_early()),
        }
    }
}

/// A thread does not outlive what it works for: it holds files that others lock, remove or open next.
impl<W: Work> Drop for Aside<W> {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

fn ended_too_early() -> io::Error {
    io::Error::other("a thread ended too early")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds numbers up, and fails at 13.
    #[derive(Debug)]
    struct Sum(u64);

    impl Work for Sum {
        type Job = u64;

        fn work(&mut self, job: u64) -> io::Result<()> {
            assert!(job != 14, "nothing comes behind a failure");
            self.0 += job;
            if job == 13 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }
    }

    fn both() -> [Aside<Sum>; 2] {
        [Aside::here(Sum(0)), Aside::here(Sum(0)).on_a_thread("sum", 1).unwrap()]
    }

    #[test]
    fn all_jobs_are_done_here_or_there() {
        for mut aside in both() {
            (0..10).for_each(|number| aside.push(number).unwrap());
            assert_eq!(aside.finish().unwrap().0, 45);
        }
    }

    #[test]
    fn a_failure_is_told_once_and_ends_the_work() {
        for mut aside in both() {
            let mut pushed = aside.push(13);
            while pushed.is_ok() {
                pushed = aside.push(1);
            }
            assert_eq!(pushed.unwrap_err().kind(), io::ErrorKind::StorageFull);
        }
        let mut aside = Aside::here(Sum(0)).on_a_thread("sum", 1).unwrap();
        aside.push(13).unwrap();
        assert_eq!(aside.finish().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
