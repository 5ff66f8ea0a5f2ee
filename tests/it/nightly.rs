//! The files of samples/nightly/, tried: the script that loads and mails, the units and the crontab line.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::*;

const FOLDER: &str = "samples/nightly";

/// Runs the script on a feed of this text; what it would have mailed, and its exit status.
fn night(place: &Place, text: &str) -> (String, Option<i32>) {
    let done = night_with(place, text, "cat >mail.txt");
    assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", ""));
    let mail = place.path("mail.txt");
    (if mail.exists() { place.text("mail.txt") } else { String::new() }, done.status)
}

/// The same, with this for sendmail.
fn night_with(place: &Place, text: &str, sendmail: &str) -> Done {
    let feed = place.write("feed.csv", text);
    let sendmail = place.write("sendmail", format!("#!/bin/sh\n{sendmail}\n"));
    fs::set_permissions(&sendmail, fs::Permissions::from_mode(0o755)).unwrap();
    let _ = fs::remove_file(place.path("mail.txt"));
    let mut script = Command::new(package().join(FOLDER).join("nightly-import"));
    script.arg(feed).current_dir(place.root());
    script.env("CUSTLOAD", PROGRAM).env("DB", place.path("it's here/customers.db")).env("SENDMAIL", sendmail);
    script.env("MAIL_TO", "customers@example.com");
    script.env("OPTIONS", "--threads 1 --accepted");
    Done::new(&script.output().unwrap())
}

#[test]
fn the_script_loads_and_mails_what_is_to_be_looked_at() {
    if !has_program("sh") {
        return;
    }
    let place = Place::new();
    fs::create_dir(place.path("it's here")).unwrap();
    let good: String = (0..40).map(|number| format!("p{number}@example.com,Person\n")).collect();
    assert_eq!(night(&place, &format!("{CONTACT}{good}")), (String::new(), Some(0)));
    // The same file again is no news.
    assert_eq!(night(&place, &format!("{CONTACT}{good}")), (String::new(), Some(0)));
    let (mail, status) = night(&place, CONTACT);
    assert!(status == Some(0) && mail.contains("NOT loaded: no records"), "{mail}");
    // A changed one, with a reject.
    let changed = good.replace("p7@example.com,Person", "p7@example.com,Somebody").replace("p8@", "p8 at ");
    let (mail, status) = night(&place, &format!("{CONTACT}{changed}"));
    assert_eq!(status, Some(1), "{mail}");
    let database = place.path("it's here/customers.db").display().to_string().replace('\'', "'\\''");
    for piece in [
        "To: customers@example.com",
        "loaded, with rejects",
        "read 40, created 0, updated 1, unchanged 38, rejected 1\n  invalid-email: 1, the first in line 10\n",
        "it's here/customers.db.imports/run-000003\n",
        &format!(
            "  custload import CORRECTED --db '{database}' --profile contact --mode upsert --threads 1 --accepted\n"
        ),
        "filename=\"feed.rejects.csv\"",
    ] {
        assert!(mail.contains(piece), "{piece}: {mail}");
    }
    let (mail, status) = night(&place, &format!("email,name,colour\n{}", good.replace('\n', ",red\n")));
    assert!(status == Some(0) && mail.contains("loaded, with remarks") && mail.contains("colour"), "{mail}");
    assert!(!mail.to_lowercase().contains("correct"), "{mail}");
    let sql =
        "SELECT created || ' ' || updated || ' ' || unchanged || ' ' || rejected FROM import_runs WHERE run_id = 3";
    assert_eq!(place.column("it's here/customers.db", sql), ["0 1 38 1"]);
    let (mail, status) = night(&place, &format!("{CONTACT}{}", good.replace("@", " at ")));
    assert!(status == Some(3) && mail.contains("NOT loaded: too many rejects"), "{mail}");
    for piece in ["Nothing was loaded", "Correct the input itself", "run-000005.stopped-1", "rejected 40"] {
        assert!(mail.contains(piece) && !mail.contains("CORRECTED"), "{piece}: {mail}");
    }
    let (mail, status) = night(&place, "nothing,of,that\n");
    assert!(status == Some(2) && mail.contains("NOT loaded (exit status 2)"), "{mail}");
    assert!(!mail.contains("Reports:"), "{mail}");
    // What cannot be mailed is printed.
    let done = night_with(&place, &format!("{CONTACT}no,No One\n{good}"), "exit 75").ends(1);
    for piece in ["custload: feed.csv: loaded, with rejects\n", "rejected 1\n", "run-000005\n"] {
        assert!(done.stderr.contains(piece), "{piece}: {}", done.stderr);
    }
    assert!(place.text("it's here/customers.db.log").lines().count() >= 5);
    let usage = Command::new(package().join(FOLDER).join("nightly-import")).output().unwrap();
    Done::new(&usage).ends(2).says(&["usage: nightly-import FILE"]);
}

#[test]
fn the_units_are_right() {
    let folder = package().join(FOLDER);
    let crontab = fs::read_to_string(folder.join("crontab")).unwrap();
    let line = crontab.lines().last().unwrap();
    assert_eq!(line.split_whitespace().count(), 7, "{line}");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert!(read("custload.service").contains("ExecStart=/usr/local/bin/nightly-import /srv/feed/customers.csv"));
    let Ok(done) = Command::new("systemd-analyze").args(["calendar", "*-*-* 02:15:00"]).output() else { return };
    if done.status.success() {
        assert!(read("custload.timer").contains("OnCalendar=*-*-* 02:15:00"));
        // What it has to say of programs and users that are not there is no fault of the file.
        let place = Place::new();
        let service = read("custload.service")
            .replace("/usr/local/bin/nightly-import", "/bin/true")
            .replace("User=custload\n", "");
        place.write("custload.service", service);
        place.write("custload.timer", read("custload.timer"));
        let done = place_verify(&place);
        assert!(done.status == Some(0), "{}", done.stderr);
    }
}

fn place_verify(place: &Place) -> Done {
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--man=no", "./custload.service", "./custload.timer"]).current_dir(place.root());
    Done::new(&verify.output().unwrap())
}
