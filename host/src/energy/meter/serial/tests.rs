use super::*;
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// Bytes that come at given times, in virtual time.
struct Script {
    now: Duration,
    bytes: VecDeque<(Duration, Vec<u8>)>,
}

impl Transport for Script {
    fn describe(&self) -> String {
        "a script".to_owned()
    }

    fn baud(&self) -> u32 {
        0
    }

    fn now(&self) -> Duration {
        self.now
    }

    fn send(&mut self, _: &[u8]) -> Result<(), TransportError> {
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], deadline: Duration) -> Result<usize, TransportError> {
        let Some((time, bytes)) = self.bytes.front_mut() else {
            self.now = deadline;
            return Ok(0);
        };
        if *time > deadline {
            self.now = deadline;
            return Ok(0);
        }
        self.now = self.now.max(*time);
        let count = bytes.len().min(buffer.len());
        let rest = bytes.split_off(count);
        buffer[..count].copy_from_slice(bytes);
        *bytes = rest;
        if bytes.is_empty() {
            self.bytes.pop_front();
        }
        Ok(count)
    }

    fn wait(&mut self, until: Duration) {
        self.now = until;
    }

    fn reopen(&mut self) -> Result<(), TransportError> {
        Ok(())
    }
}

/// The run's clock is the script's.
#[derive(Clone, Default)]
struct Shown(std::sync::Arc<std::sync::Mutex<Duration>>);

impl Clock for Shown {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, _: Duration) {}
}

/// All readings of a script; bytes come at times in milliseconds.
fn readings(script: &[(u64, &str)]) -> (Vec<(f64, f64)>, u64) {
    let bytes = script.iter().map(|&(ms, text)| (Duration::from_millis(ms), text.as_bytes().to_vec()));
    let clock = Shown::default();
    let transport = Script { now: Duration::ZERO, bytes: bytes.collect() };
    let mut meter = SerialMeter::new(transport, clock.clone());
    let mut found = Vec::new();
    while !meter.transport.bytes.is_empty() {
        // The clock shows what the transport will have when the bytes are there.
        let next = meter.transport.bytes[0].0;
        *clock.0.lock().unwrap() = next;
        found.extend(meter.next().unwrap().iter().map(|r| (r.at, r.power.0)));
    }
    (found, meter.garbled)
}

fn near(found: &[(f64, f64)], expected: &[(f64, f64)]) {
    let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
    let same = found.len() == expected.len()
        && found.iter().zip(expected).all(|(f, e)| close(f.0, e.0) && close(f.1, e.1));
    assert!(same, "{found:?}");
}

#[test]
fn lines_become_readings_on_the_runs_clock() {
    // Five seconds between the clocks; the second line comes 30 ms late, cut in two.
    let (found, _) =
        readings(&[(5100, "100,5000,100000\n200,50"), (5230, "00,200000\r\n"), (5300, "300,5000,100000\n")]);
    near(&found, &[(5.1, 0.5), (5.2005, 1.0), (5.3, 0.5)]);
}

#[test]
fn lines_that_come_together_keep_their_own_times() {
    let (found, _) = readings(&[(1000, "0,5000,0\n"), (1300, "100,5000,0\n200,5000,0\n300,5000,0\n")]);
    let times: Vec<f64> = found.iter().map(|reading| reading.0).collect();
    for (time, expected) in times.iter().zip([1.0, 1.1, 1.2, 1.3]) {
        assert!((time - expected).abs() < 0.001, "{times:?}");
    }
}

#[test]
fn the_offset_follows_a_clock_that_drifts_either_way() {
    for rate in [0.998, 1.002] {
        let lines: Vec<(u64, String)> = (1..6000u32)
            .map(|i| (u64::from(i) * 100, format!("{:.0},5000,100000\n", f64::from(i) * 100.0 * rate)))
            .collect();
        let script: Vec<(u64, &str)> = lines.iter().map(|(ms, line)| (*ms, line.as_str())).collect();
        let (found, _) = readings(&script);
        let (last, _) = found[found.len() - 1];
        assert!((last - 599.9).abs() < 0.002, "rate {rate}: {last}");
    }
}

#[test]
fn garbage_is_skipped_and_counted() {
    let long = "9".repeat(5000);
    let (found, garbled) = readings(&[
        (100, "00,1\n\u{fffd}garbage\n# a comment\n\n"),
        (200, "200,5000,100000\n201,NaN,3\n"),
        (300, &format!("{long}\n300,5000,100000\n")),
    ]);
    near(&found, &[(0.2, 0.5), (0.3, 0.5)]);
    assert_eq!(garbled, 3);
}

#[test]
fn a_header_changes_the_columns_and_a_restart_the_offset() {
    let (found, garbled) = readings(&[
        (90_000, "80000,5000,100000\n"),
        (91_000, "INA226 ready\ntime_ms,voltage_V,current_mA,power_mW\n"),
        (91_500, "500,5.0,100,510\n"),
        (91_600, "600,5.0,100,520\n"),
    ]);
    near(&found, &[(90.0, 0.5), (91.5, 0.51), (91.6, 0.52)]);
    assert_eq!(garbled, 1);
}

fn options() -> SerialOptions {
    let tolerance =
        Tolerance { max_gap: Duration::from_millis(500), accuracy: 0.01, lag: Duration::from_millis(5) };
    SerialOptions { scope: Scope::Supply("board".to_owned()), tolerance, patience: Duration::from_secs(3) }
}

#[test]
fn silence_and_noise_are_told_apart() {
    let start = |lines: &[&str]| {
        let bytes = lines.iter().map(|line| (Duration::ZERO, line.as_bytes().to_vec())).collect();
        let transport = Script { now: Duration::ZERO, bytes };
        SerialMeter::start(transport, Shown::default(), options()).unwrap_err().to_string()
    };
    let silent = start(&[]);
    assert!(silent.contains("meter at a script") && silent.contains("nothing comes"), "{silent}");
    let noisy = start(&["\u{1}\u{2}x\n", "y\n"]);
    assert!(noisy.contains("2 of 2 lines do not read; check the baud"), "{noisy}");
}

proptest! {
    #[test]
    fn any_bytes_are_readings_or_garbage(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let script = RefCell::new(VecDeque::from([(Duration::ZERO, bytes)]));
        let transport = Script { now: Duration::ZERO, bytes: Rc::new(script).take() };
        let mut meter = SerialMeter::new(transport, Shown::default());
        while !meter.transport.bytes.is_empty() {
            for reading in meter.next().unwrap() {
                prop_assert!(reading.power.0.is_finite() && reading.at.is_finite());
            }
        }
    }
}

/// A meter behind a real serial port, as far as the system can tell: it takes 0.6 W all the time.
#[cfg(unix)]
#[test]
fn a_meter_at_a_port_is_read_until_it_is_plugged_out() {
    use crate::energy::{EnergySource, SystemClock};
    use crate::link::SerialTransport;
    use serialport::{SerialPort, TTYPort};
    use std::io::Write;
    use std::sync::atomic::{AtomicBool, Ordering};

    let (mut master, slave) = TTYPort::pair().unwrap();
    let path = slave.name().unwrap();
    // It is locked as long as it is held here.
    drop(slave);
    // A line that nobody has opened yet looks like one that hung up.
    let transport = SerialTransport::open(&path, 115_200).unwrap();
    let clock = SystemClock::start();
    let plugged = std::sync::Arc::new(AtomicBool::new(true));
    let sketch = std::thread::spawn({
        let plugged = std::sync::Arc::clone(&plugged);
        move || {
            write!(master, "0,50").unwrap();
            let mut count = 0u32;
            while plugged.load(Ordering::Relaxed) {
                let garbage = if count % 7 == 3 { "\u{7}~\u{1}garbage\n" } else { "" };
                let ms = 1_000_000 + clock.now().as_millis();
                // Nobody may be listening any more.
                if write!(master, "\n{garbage}{ms},5000,120000\n").is_err() {
                    break;
                }
                count += 1;
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    });
    let tolerance = Tolerance { max_gap: Duration::from_secs(60), ..options().tolerance };
    let patient = SerialOptions { tolerance, patience: Duration::from_secs(60), ..options() };
    let mut meter = SerialMeter::start(transport, clock, patient).unwrap();
    let from = meter.mark(clock.now()).unwrap();
    clock.sleep(meter.resolution().least_duration());
    let to = meter.mark(clock.now()).unwrap();
    let energy = meter.energy(from, to).unwrap();
    let expected = 0.6 * (to.at - from.at).as_secs_f64();
    assert!((energy.value.0 / expected - 1.0).abs() < 1e-6, "{energy:?} and not {expected} J");

    plugged.store(false, Ordering::Relaxed);
    sketch.join().unwrap();
    let ended = (0..6000).find_map(|_| {
        clock.sleep(Duration::from_millis(10));
        meter.mark(clock.now()).err()
    });
    let message = ended.unwrap().to_string();
    assert!(message.contains("no readings any more") && message.contains(&path), "{message}");
}
