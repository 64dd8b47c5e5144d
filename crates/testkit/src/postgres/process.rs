//! Starting, signalling and outliving server processes.

use std::{
    fs, io,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, ExitStatus},
    sync::{LazyLock, mpsc},
    thread,
    time::{Duration, Instant},
};

use super::account::Account;

/// How often a condition is looked at while waiting for it.
pub(super) const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// How long a process that was told to end at once may take.
const END_LIMIT: Duration = Duration::from_secs(10);

struct Request {
    command: Command,
    reply: mpsc::Sender<io::Result<Child>>,
}

/// The thread that starts all servers. On Linux a server is told to end when the *thread* that started it ends, and a
/// test's thread ends with its test; this one lives as long as the process.
static KEEPER: LazyLock<mpsc::Sender<Request>> = LazyLock::new(|| {
    let (sender, requests) = mpsc::channel::<Request>();
    thread::Builder::new()
        .name("postgres-keeper".to_owned())
        .spawn(move || {
            for mut request in requests {
                // Nobody waits any more only if the caller's thread died; the server is then of no use.
                if let Err(mpsc::SendError(Ok(mut child))) = request.reply.send(request.command.spawn()) {
                    let _ = child.kill();
                    let _ = child.wait();
                }
            }
        })
        .expect("a process that runs tests can start a thread");
    sender
});

/// Starts a server under the account. It ends when this process does, however that comes about (on Linux; elsewhere
/// the next start of a cluster ends it).
pub(super) fn spawn_server(mut command: Command, account: Account) -> io::Result<Child> {
    account.apply(&mut command);
    end_with_parent(&mut command);
    let (reply, answer) = mpsc::channel();
    let gone = || io::Error::other("the thread that starts servers is gone");
    KEEPER.send(Request { command, reply }).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}

#[cfg(target_os = "linux")]
fn end_with_parent(command: &mut Command) {
    let parent = std::process::id();
    // Changing the user clears the setting, so it has to be made afterwards: the closure runs last before `exec`.
    let set_signal = move || {
        #[expect(unsafe_code, reason = "prctl and getppid have no safe form; both are async-signal-safe")]
        let (result, present_parent) =
            unsafe { (libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGQUIT), libc::getppid()) };
        match result {
            0 if present_parent as u32 == parent => Ok(()),
            0 => Err(io::Error::from(io::ErrorKind::Interrupted)),
            _ => Err(io::Error::last_os_error()),
        }
    };
    #[expect(unsafe_code, reason = "the closure allocates nothing and takes no lock, as pre_exec demands")]
    unsafe {
        command.pre_exec(set_signal);
    }
}

#[cfg(not(target_os = "linux"))]
fn end_with_parent(_: &mut Command) {}

/// Sends a signal. A process that is gone already is what the sender of such signals wants.
pub(super) fn signal(pid: u32, signal: i32) {
    #[expect(unsafe_code, reason = "kill has no safe form in the standard library; it touches no memory")]
    unsafe {
        libc::kill(pid as libc::pid_t, signal);
    }
}

/// Waits until the child has ended, for at most `limit`.
pub(super) fn wait_for_end(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let begin = Instant::now();
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(Some(status)),
            None if begin.elapsed() > limit => return Ok(None),
            None => thread::sleep(POLL_INTERVAL),
        }
    }
}

/// Ends the child at once: by an immediate shutdown, which takes its own children along, or else by force.
pub(super) fn end(child: &mut Child) {
    signal(child.id(), libc::SIGQUIT);
    if !matches!(wait_for_end(child, END_LIMIT), Ok(Some(_))) {
        kill_with_children(child);
    }
}

/// Kills the child and all its children, giving none of them time to do anything. Only Linux tells the children; the
/// servers of other systems notice by themselves that their parent is gone, a moment later.
pub(super) fn kill_with_children(child: &mut Child) {
    // Stopped, it cannot start further children while they are counted.
    signal(child.id(), libc::SIGSTOP);
    let children = children_of(child.id());
    let _ = child.kill();
    children.iter().for_each(|pid| signal(*pid, libc::SIGKILL));
    let _ = child.wait();
    let begin = Instant::now();
    while children.iter().any(|pid| is_running(*pid)) && begin.elapsed() < END_LIMIT {
        thread::sleep(POLL_INTERVAL);
    }
}

/// Ends a server that a dead process left running in the folder of a cluster.
pub(super) fn end_server_in(folder: &Path) {
    let data = folder.join("data");
    let Some(pid) = pid_of_server(&data) else { return };
    if !command_line(pid).contains(&*data.to_string_lossy()) {
        // The number has been given to another process since.
        return;
    }
    signal(pid, libc::SIGQUIT);
    let begin = Instant::now();
    while is_running(pid) && begin.elapsed() < END_LIMIT {
        thread::sleep(POLL_INTERVAL);
    }
}

/// The process that says it serves the data folder.
pub(super) fn pid_of_server(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("postmaster.pid")).ok()?.lines().next()?.trim().parse().ok()
}

/// Whether the process does anything any more; one that only waits to be collected does not.
pub(super) fn is_running(pid: u32) -> bool {
    stat_fields(pid).is_some_and(|(state, _)| state != "Z" && state != "X")
}

fn children_of(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| stat_fields(*pid).is_some_and(|(_, its_parent)| its_parent == parent)).collect()
}

/// State and parent of a process, from `/proc/PID/stat`; the name before them may hold anything, brackets included.
fn stat_fields(pid: u32) -> Option<(String, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

fn command_line(pid: u32) -> String {
    if let Ok(bytes) = fs::read(format!("/proc/{pid}/cmdline")) {
        return String::from_utf8_lossy(&bytes).replace('\0', " ");
    }
    let output = Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output();
    output.map_or(String::new(), |output| String::from_utf8_lossy(&output.stdout).into_owned())
}
