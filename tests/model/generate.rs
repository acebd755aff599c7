//! Programs by proptest.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use crate::machine::call::Rule;
use crate::machine::op::{Few, Op, Program, Script, Time};

/// Few numbers, so that programs come back to the same handle.
fn at() -> impl Strategy<Value = u8> {
    0..8_u8
}

fn does() -> impl Strategy<Value = u8> {
    0..6_u8
}

fn frees() -> impl Strategy<Value = Option<u8>> {
    of(does())
}

fn time() -> impl Strategy<Value = Time> {
    prop_oneof![Just(Time::Zero), Just(Time::Brief), Just(Time::Forever)]
}

fn few() -> impl Strategy<Value = Few> {
    (0..4_u8, [at(), at(), at()]).prop_map(|(n, at)| Few { n, at })
}

fn rule() -> impl Strategy<Value = Rule> {
    prop_oneof![Just(Rule::All), Just(Rule::Any), Just(Rule::Race)]
}

/// Around the lengths at which something else begins.
fn len() -> impl Strategy<Value = u8> {
    prop_oneof![prop::sample::select(&[0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33][..]), any::<u8>()]
}

pub fn program() -> impl Strategy<Value = Program> {
    let script = (vec(op(), 0..5), prop_oneof![Just(0_i8), any::<i8>()]);
    let script = script.prop_map(|(ops, returns)| Script { ops, returns });
    (vec(op(), 0..100), vec(script, 1..6)).prop_map(|(main, scripts)| Program { main, scripts })
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => handle_op(),
        7 => deliver_op(),
        4 => collect_op(),
        8 => listen_op(),
        6 => report_op(),
        5 => several_op(),
    ]
}

fn handle_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => any::<bool>().prop_map(|named| Op::Create { named }),
        4 => (frees(), of(does()), frees(), len()).prop_map(|made_with| {
            let (drop_data, on_demand, drop_ctx, reserve) = made_with;
            Op::CreateWith { drop_data, on_demand, drop_ctx, reserve }
        }),
        1 => any::<bool>().prop_map(|fires| Op::Timer { fires }),
        2 => at().prop_map(Op::Retain),
        6 => at().prop_map(Op::Release),
        1 => at().prop_map(Op::State),
        1 => at().prop_map(Op::Poll),
        1 => at().prop_map(Op::Name),
        1 => at().prop_map(Op::UserData),
        1 => at().prop_map(Op::IsOnDemand),
        1 => at().prop_map(Op::IsShared),
        1 => at().prop_map(Op::IsHeld),
        2 => (at(), any::<(u8, u8)>())
            .prop_map(|(a, (done, total))| Op::Progress { a, done, total }),
        2 => at().prop_map(Op::ProgressOf),
        4 => (at(), 0..3_u8).prop_map(|(a, limit)| Op::ExpireAfter { a, limit }),
        3 => (at(), any::<bool>())
            .prop_map(|(a, cancel_unwanted)| Op::Promise { a, cancel_unwanted }),
        1 => (0..4_u8).prop_map(Op::PromiseRetain),
        4 => (0..4_u8).prop_map(Op::PromiseRelease),
    ]
}

fn deliver_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        (at(), len()).prop_map(|(a, len)| Op::SetBytes { a, len }),
        (at(), frees()).prop_map(|(a, drop)| Op::SetPointer { a, drop }),
        (at(), len(), frees()).prop_map(|(a, len, drop)| Op::SetBuffer { a, len, drop }),
        (at(), any::<i8>(), any::<bool>()).prop_map(|(a, code, message)| Op::Fail {
            a,
            code,
            message
        }),
        (at(), any::<(i8, bool, bool)>(), frees()).prop_map(
            |(a, (code, domain, message), drop)| Op::FailWith { a, code, domain, message, drop }
        ),
        at().prop_map(Op::Cancel),
        (at(), any::<bool>()).prop_map(|(a, reason)| Op::CancelWith { a, reason }),
        (at(), any::<bool>()).prop_map(|(a, reason)| Op::CancelPending { a, reason }),
        at().prop_map(Op::Start),
        (at(), at()).prop_map(|(into, a)| Op::Follow { into, a }),
    ]
}

fn collect_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        (at(), time()).prop_map(|(a, time)| Op::Get { a, time }),
        (at(), len()).prop_map(|(a, cap)| Op::GetBytes { a, cap }),
        (at(), time()).prop_map(|(a, time)| Op::Wait { a, time }),
        at().prop_map(Op::Error),
        at().prop_map(Op::Take),
        at().prop_map(Op::WaitReturned),
    ]
}

fn listen_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => (at(), does()).prop_map(|(a, does)| Op::Call { a, does }),
        2 => (at(), does()).prop_map(|(a, does)| Op::Notify { a, does }),
        1 => Just(Op::RunDue),
        6 => (at(), does(), frees(), any::<(bool, bool, bool)>(), prop_oneof![Just(0), 0..8_u8])
            .prop_map(|(a, does, drop, (token, if_pending, posted), ways)| {
                Op::NotifyWith { a, does, drop, token, if_pending, ways, posted }
            }),
        2 => (at(), does(), frees()).prop_map(|(a, does, drop)| Op::Spawn { a, does, drop }),
        1 => prop::bool::weighted(0.3).prop_map(Op::Refuse),
        1 => Just(Op::RetainExecutor),
        3 => (0..6_u8, prop::bool::weighted(0.3))
            .prop_map(|(nth, discard)| Op::Task { nth, discard }),
        4 => (0..6_u8, prop::option::weighted(0.1, at()), any::<bool>()).prop_map(
            |(token, of_another, wait)| Op::Unnotify { token, of_another, wait }
        ),
    ]
}

fn report_op() -> impl Strategy<Value = Op> {
    let r = || 0..4_u8;
    prop_oneof![
        1 => few().prop_map(Op::ReportCreate),
        1 => r().prop_map(Op::ReportRetain),
        2 => r().prop_map(Op::ReportRelease),
        5 => (r(), at()).prop_map(|(r, a)| Op::ReportAdd { r, a }),
        2 => (r(), at()).prop_map(|(r, a)| Op::ReportRemove { r, a }),
        3 => (r(), time()).prop_map(|(r, time)| Op::ReportNext { r, time }),
        3 => (r(), 0..5_u8, time())
            .prop_map(|(r, cap, time)| Op::ReportNextBatch { r, cap, time }),
        1 => r().prop_map(Op::ReportPending),
        1 => r().prop_map(Op::ReportWake),
        1 => r().prop_map(Op::ReportClose),
        1 => r().prop_map(Op::ReportRearm),
        1 => r().prop_map(Op::ReportReadable),
        1 => (r(), any::<bool>()).prop_map(|(r, watch)| Op::ReportWatch { r, watch }),
    ]
}

fn several_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        1 => (few(), time()).prop_map(|(few, time)| Op::WaitAny { few, time }),
        1 => few().prop_map(Op::WaitAll),
        3 => (few(), of(at()), does(), frees(), any::<(bool, bool)>()).prop_map(
            |(few, into, does, drop, (with, posted))| {
                Op::After { few, into, does, drop, with, posted }
            }
        ),
        4 => (at(), of(at()), does(), frees(), of(0..8_u8), any::<bool>()).prop_map(
            |(a, into, does, drop, with, posted)| {
                Op::Then { a, into, does, drop, with, posted }
            }
        ),
        4 => (rule(), few(), of(at()), any::<bool>())
            .prop_map(|(rule, few, into, cancel_rest)| Op::Group { rule, few, into, cancel_rest }),
    ]
}
