//! Work in the background: [`Background`].

use std::sync::mpsc::{SyncSender, sync_channel};
use std::{io, thread::JoinHandle};

/// Something that does jobs one after another.
pub(super) trait Work: Send + 'static {
    type Job: Send;

    /// Does a job. Nothing more is asked of it once one has failed.
    fn work(&mut self, job: Self::Job) -> io::Result<()>;
}

/// A [`Work`] that is done on the caller's thread or on a separate one; in order and completely either way.
pub(super) struct Background<W: Work> {
    /// `None` once it has ended.
    runner: Option<Runner<W>>,
}

enum Runner<W: Work> {
    Caller(W),
    Thread(SyncSender<W::Job>, JoinHandle<io::Result<W>>),
}

impl<W: Work> Background<W> {
    /// Moves the work to a thread of this name, if there may be more than one. At most `queue` jobs wait for it; the caller waits with
    /// the next.
    pub(super) fn new(mut work: W, threads: usize, name: &str, queue: usize) -> io::Result<Background<W>> {
        if threads <= 1 {
            return Ok(Background { runner: Some(Runner::Caller(work)) });
        }
        let (jobs, queued) = sync_channel(queue);
        let thread = std::thread::Builder::new().name(name.into()).spawn(move || {
            for job in queued {
                work.work(job)?;
            }
            Ok(work)
        });
        let thread = thread.map_err(|error| io::Error::other(format!("a thread could not be started: {error}")))?;
        Ok(Background { runner: Some(Runner::Thread(jobs, thread)) })
    }

    /// Does a job, or queues it. An error may be that of an earlier job.
    pub(super) fn push(&mut self, job: W::Job) -> io::Result<()> {
        match &mut self.runner {
            Some(Runner::Caller(work)) => return work.work(job),
            Some(Runner::Thread(jobs, _)) if jobs.send(job).is_ok() => return Ok(()),
            // The thread has ended; its result says why.
            _ => {}
        }
        self.end()?;
        Err(ended_too_early())
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.end()
    }

    fn end(&mut self) -> io::Result<W> {
        match self.runner.take() {
            Some(Runner::Caller(work)) => Ok(work),
            Some(Runner::Thread(jobs, thread)) => {
                drop(jobs);
                thread.join().unwrap_or_else(|_| Err(ended_too_early()))
            }
            None => Err(ended_too_early()),
        }
    }
}

/// The thread must not outlive this: it has files open that are locked, removed or opened next.
impl<W: Work> Drop for Background<W> {
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
            assert!(job != 14, "nothing comes after a failure");
            self.0 += job;
            if job == 13 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }
    }

    fn both() -> [Background<Sum>; 2] {
        [1, 2].map(|threads| Background::new(Sum(0), threads, "sum", 1).unwrap())
    }

    #[test]
    fn all_jobs_are_done_either_way() {
        for mut sum in both() {
            (0..10).for_each(|number| sum.push(number).unwrap());
            assert_eq!(sum.finish().unwrap().0, 45);
        }
    }

    #[test]
    fn a_failure_is_reported_once_and_ends_the_work() {
        for mut sum in both() {
            let mut pushed = sum.push(13);
            while pushed.is_ok() {
                pushed = sum.push(1);
            }
            assert_eq!(pushed.unwrap_err().kind(), io::ErrorKind::StorageFull);
        }
        let mut sum = Background::new(Sum(0), 2, "sum", 1).unwrap();
        sum.push(13).unwrap();
        assert_eq!(sum.finish().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
