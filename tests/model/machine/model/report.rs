//! Completion order.

use super::one::Listener;
use super::*;

#[derive(Default)]
pub struct Report {
    refs: usize,
    /// `None` is free.
    slots: Vec<Option<Entry>>,
    free: Vec<usize>,
    /// Those that have arrived, in that order.
    ready: VecDeque<usize>,
    added: usize,
    wakes: usize,
    /// How often nothing was left.
    ends: usize,
    closed: bool,
    watched: bool,
}

struct Entry {
    source: Id,
    tag: Option<Thing>,
    /// The older, the lower.
    age: usize,
}

impl Report {
    fn take(&mut self, slot: usize) -> (Id, Option<Thing>) {
        let entry = self.slots[slot].take().expect("an entry");
        self.ready.retain(|&ready| ready != slot);
        self.free.push(slot);
        self.ends += usize::from(self.pending() == 0);
        (entry.source, entry.tag)
    }

    fn pending(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    fn oldest(&self, source: Id) -> Option<usize> {
        let entries = self.slots.iter().enumerate();
        let of_source = entries
            .filter_map(|(slot, entry)| Some((slot, entry.as_ref()?)))
            .filter(|(_, entry)| entry.source == source);
        of_source.min_by_key(|(_, entry)| entry.age).map(|(slot, _)| slot)
    }
}

impl Model {
    pub fn ask_report(&self, call: &Call) -> Answer {
        match *call {
            Call::ReportCreate { made, ref of } => {
                self.reports.borrow_mut().insert(made, Report { refs: 1, ..Report::default() });
                of.iter().for_each(|&a| self.add(made, a, None));
                Answer::Handle(Some(made))
            }
            Call::ReportRetain(r) => {
                self.report(r, |report| report.refs += 1);
                Answer::Handle(Some(r))
            }
            Call::ReportRelease(r) => {
                self.release_report(r);
                Answer::Nothing
            }
            Call::ReportAdd { r, a, tag } => {
                if self.report(r, |report| report.closed) {
                    return is(ASYNCHRON_E_CLOSED);
                }
                self.add(r, a, Some(tag));
                is(ASYNCHRON_OK)
            }
            Call::ReportRemove { r, a } => is(self.remove(r, a)),
            Call::ReportNext(r, until) => self.next(r, 1, until),
            Call::ReportNextBatch { r, cap, until } => self.next(r, cap, until),
            Call::ReportPending(r) => Answer::Number(self.report(r, |report| report.pending())),
            Call::ReportWake(r) => {
                self.report(r, |report| report.wakes += 1);
                is(ASYNCHRON_OK)
            }
            Call::ReportClose(r) => {
                self.report(r, |report| report.closed = true);
                is(ASYNCHRON_OK)
            }
            // Whoever looks at the descriptor sees no difference.
            Call::ReportRearm(_) => is(ASYNCHRON_OK),
            Call::ReportWatch(r, watch) => self.report(r, |report| {
                let before = std::mem::replace(&mut report.watched, watch);
                is(if watch && before { ASYNCHRON_ALREADY } else { ASYNCHRON_OK })
            }),
            Call::ReportReadable(r) => {
                let there = self.report(r, |report| {
                    let end = report.closed && report.pending() == 0;
                    report.wakes > 0 || !report.ready.is_empty() || end
                });
                Answer::Number(there.into())
            }
            _ => unreachable!("{call:?} is not about a report"),
        }
    }

    fn report<R>(&self, r: Id, work: impl FnOnce(&mut Report) -> R) -> R {
        work(self.reports.borrow_mut().get_mut(&r).expect("only what is alive is asked for"))
    }

    fn add(&self, r: Id, source: Id, tag: Option<Thing>) {
        let slot = self.report(r, |report| {
            let slot = report.free.pop().unwrap_or(report.slots.len());
            report.slots.resize_with(report.slots.len().max(slot + 1), || None);
            report.slots[slot] = Some(Entry { source, tag, age: report.added });
            report.added += 1;
            slot
        });
        self.with(source, |one| one.refs += 1);
        if self.is_complete(source) {
            self.arrive(r, slot);
        } else {
            self.with(source, |one| one.listeners.push(Listener::Entry(r, slot)));
        }
    }

    pub fn arrive(&self, r: Id, slot: usize) {
        self.report(r, |report| report.ready.push_back(slot));
    }

    fn remove(&self, r: Id, source: Id) -> asynchron_status_t {
        let Some(slot) = self.report(r, |report| report.oldest(source)) else {
            return ASYNCHRON_END;
        };
        self.unlisten(source, r, slot);
        self.report(r, |report| report.take(slot));
        self.release(source);
        ASYNCHRON_OK
    }

    fn unlisten(&self, source: Id, r: Id, slot: usize) {
        let own = |l: &Listener| matches!(*l, Listener::Entry(of, at) if of == r && at == slot);
        self.with(source, |one| one.listeners.retain(|listener| !own(listener)));
    }

    fn next(&self, r: Id, cap: usize, until: Until) -> Answer {
        if cap == 0 {
            return is(ASYNCHRON_E_INVALID);
        }
        // Whoever asked before nothing was left is told so, also if something was added since.
        let ends = self.report(r, |report| report.ends);
        let look = || {
            self.report(r, |report| {
                if report.wakes > 0 {
                    report.wakes -= 1;
                    return Some(is(ASYNCHRON_WOKEN));
                }
                let slots: Vec<usize> = report.ready.iter().take(cap).copied().collect();
                if !slots.is_empty() {
                    let items = slots.into_iter().map(|slot| report.take(slot));
                    return Some(Answer::Items(items.collect()));
                }
                let end = report.pending() == 0 || report.ends != ends;
                end.then(|| is(ASYNCHRON_END))
            })
        };
        let found = look().or_else(|| {
            if until != Until::Now {
                self.drain();
                return look();
            }
            None
        });
        found.unwrap_or_else(|| is(ASYNCHRON_TIMEOUT))
    }

    /// It leaves nothing behind, and then releases what it holds.
    fn release_report(&self, r: Id) {
        let last = self.report(r, |report| {
            report.refs -= 1;
            report.refs == 0
        });
        if !last {
            return;
        }
        let report = self.reports.borrow_mut().remove(&r).expect("freed once");
        for (slot, entry) in report.slots.iter().enumerate() {
            entry.iter().for_each(|entry| self.unlisten(entry.source, r, slot));
        }
        report.slots.into_iter().flatten().for_each(|entry| self.release(entry.source));
    }
}
