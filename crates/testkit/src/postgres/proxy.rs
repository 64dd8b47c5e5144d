//! A proxy in front of a server, which cuts connections at chosen messages of the protocol.
//!
//! It understands as much of the protocol, <https://www.postgresql.org/docs/current/protocol-message-formats.html>, as it takes
//! to know where messages end: the client and the server are the real ones.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use snake_pipe_core::Result;

use super::PostgresCluster;

/// The codes of first messages that are answered by one byte, after which the client sends another first message.
const SSL_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;

/// So long a reply is waited for that is to be lost.
const REPLY_LIMIT: Duration = Duration::from_secs(1);

/// Where a connection is cut. Each of them cuts once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The server gets the next COMMIT and carries it out; its reply is lost, and the connection with it.
    ReplyToCommit,
    /// The next COMMIT is lost, and the connection with it.
    Commit,
    /// The client's message of this number from now on, over all its connections, from 1, is lost, and its connection with it.
    /// With 1, 2, 3 … a failpoint at every step of a load.
    Message(u64),
    /// As `Message`, but the server gets it, and its reply is lost.
    ReplyToMessage(u64),
}

/// A proxy in front of a cluster. Dropping it cuts all its connections.
#[derive(Debug)]
pub struct PostgresProxy {
    port: u16,
    user_and_password: String,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server_port: u16,
    is_over: AtomicBool,
    /// Messages of clients, connecting aside.
    messages: AtomicU64,
    cuts: AtomicU64,
    plan: Mutex<Option<Planned>>,
    /// For cutting all of them.
    open: Mutex<Vec<TcpStream>>,
}

/// A cut, its number counted from the proxy's beginning.
#[derive(Clone, Copy, Debug)]
enum Planned {
    ReplyToCommit,
    Commit,
    Message(u64),
    ReplyToMessage(u64),
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Passes,
    IsLost,
    ReplyIsLost,
}

impl PostgresProxy {
    /// A proxy that passes everything on. It stays in front of the cluster's port over restarts.
    ///
    /// # Errors
    /// `Io` when there is no port to listen on.
    pub fn start(cluster: &PostgresCluster) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let url = cluster.tcp_url();
        let user_and_password = url
            .strip_prefix("postgres://")
            .and_then(|rest| rest.split_once('@'))
            .map_or_else(String::new, |(user, _)| user.to_owned());
        let shared = Arc::new(Shared {
            server_port: cluster.port(),
            is_over: AtomicBool::new(false),
            messages: AtomicU64::new(0),
            cuts: AtomicU64::new(0),
            plan: Mutex::new(None),
            open: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &accepting));
        Ok(Self { port, user_and_password, shared })
    }

    /// The URL of a database by the proxy, with superuser rights and a password.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{}@127.0.0.1:{}/{database}", self.user_and_password, self.port)
    }

    /// Cuts a connection there, once, in place of what was planned before.
    pub fn cut(&self, cut: Cut) {
        let now = self.shared.messages.load(Ordering::SeqCst);
        *self.shared.plan() = Some(match cut {
            Cut::ReplyToCommit => Planned::ReplyToCommit,
            Cut::Commit => Planned::Commit,
            Cut::Message(number) => Planned::Message(now + number),
            Cut::ReplyToMessage(number) => Planned::ReplyToMessage(now + number),
        });
    }

    /// Cuts no more.
    pub fn pass(&self) {
        *self.shared.plan() = None;
    }

    /// How often a connection was cut so far.
    #[must_use]
    pub fn cuts(&self) -> u64 {
        self.shared.cuts.load(Ordering::SeqCst)
    }

    /// How many messages clients have sent so far, those of connecting aside.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.shared.messages.load(Ordering::SeqCst)
    }

    /// Cuts all connections that are open now.
    pub fn cut_all(&self) {
        for connection in self.shared.open().drain(..) {
            close(&connection);
        }
    }
}

impl Drop for PostgresProxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        self.cut_all();
        // Wakes the thread that accepts.
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
    }
}

impl Shared {
    fn plan(&self) -> MutexGuard<'_, Option<Planned>> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> MutexGuard<'_, Vec<TcpStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a message, and says what becomes of it.
    fn fate_of(&self, message: &[u8]) -> Fate {
        let number = self.messages.fetch_add(1, Ordering::SeqCst) + 1;
        let mut plan = self.plan();
        let fate = match *plan {
            Some(Planned::ReplyToCommit) if is_commit(message) => Fate::ReplyIsLost,
            Some(Planned::Commit) if is_commit(message) => Fate::IsLost,
            Some(Planned::Message(at)) if number >= at => Fate::IsLost,
            Some(Planned::ReplyToMessage(at)) if number >= at => Fate::ReplyIsLost,
            _ => Fate::Passes,
        };
        if fate != Fate::Passes {
            *plan = None;
            self.cuts.fetch_add(1, Ordering::SeqCst);
        }
        fate
    }
}

/// A simple query (`Q`) or a statement to prepare (`P`) that is a COMMIT.
fn is_commit(message: &[u8]) -> bool {
    let Some((kind, body)) = message.split_first().filter(|_| message.len() > 5) else { return false };
    let body = &body[4..];
    let text = match kind {
        b'Q' => body,
        // The name of the statement comes first.
        b'P' => body.splitn(2, |byte| *byte == 0).nth(1).unwrap_or_default(),
        _ => return false,
    };
    text.len() >= 6 && text[..6].eq_ignore_ascii_case(b"COMMIT")
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.is_over.load(Ordering::SeqCst) {
            return;
        }
        let Ok(client) = client else { continue };
        // A server that is down is to the client as it would be without the proxy: it refuses.
        let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.server_port)) else { continue };
        // A failure here ends this connection, which is what a proxy is for.
        drop(carry(client, server, shared));
    }
}

fn carry(client: TcpStream, server: TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let swallow = Arc::new(AtomicBool::new(false));
    {
        let mut open = shared.open();
        open.retain(|connection| connection.peer_addr().is_ok());
        open.extend([client.try_clone()?, server.try_clone()?]);
    }
    let (to_server, to_client) = (server.try_clone()?, client.try_clone()?);
    let (requests, answers) = ((client, to_server, Arc::clone(shared)), (server, to_client));
    let swallowing = Arc::clone(&swallow);
    thread::spawn(move || {
        let (mut client, mut server, shared) = requests;
        if carry_requests(&mut client, &mut server, &shared, &swallow).is_ok() {
            // The server is to do what it was asked to. To a part of a COPY it says nothing.
            thread::sleep(REPLY_LIMIT);
        }
        close(&client);
        close(&server);
    });
    thread::spawn(move || {
        let (mut server, mut client) = answers;
        // However it ends, the connection has ended.
        drop(carry_answers(&mut server, &mut client, &swallowing));
        close(&client);
        close(&server);
    });
    Ok(())
}

/// Passes the client's messages on; returns when the reply to one of them is to be lost.
fn carry_requests(
    client: &mut TcpStream,
    server: &mut TcpStream,
    shared: &Shared,
    swallow: &AtomicBool,
) -> io::Result<()> {
    let mut message = Vec::new();
    loop {
        read_message(client, false, &mut message)?;
        server.write_all(&message)?;
        let code = message.get(4..8).and_then(|code| code.try_into().ok()).map(u32::from_be_bytes);
        if !matches!(code, Some(SSL_REQUEST | GSS_REQUEST)) {
            break;
        }
    }
    loop {
        read_message(client, true, &mut message)?;
        // Passwords (`p`) belong to connecting.
        let fate = if message[0] == b'p' { Fate::Passes } else { shared.fate_of(&message) };
        match fate {
            Fate::Passes => server.write_all(&message)?,
            Fate::IsLost => return Err(io::ErrorKind::ConnectionAborted.into()),
            Fate::ReplyIsLost => {
                swallow.store(true, Ordering::SeqCst);
                server.write_all(&message)?;
                // A message of the extended protocol is answered when it is followed by Sync.
                if !matches!(message[0], b'Q' | b'S') {
                    server.write_all(&[b'S', 0, 0, 0, 4])?;
                }
                return Ok(());
            }
        }
    }
}

/// Passes the server's bytes on; once they are to be lost, reads on until the server is ready for the next query, so that it
/// has done what it was asked to.
fn carry_answers(server: &mut TcpStream, client: &mut TcpStream, swallow: &AtomicBool) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let bytes = server.read(&mut buffer)?;
        if bytes == 0 {
            return Ok(());
        }
        if !swallow.load(Ordering::SeqCst) {
            client.write_all(&buffer[..bytes])?;
            continue;
        }
        // ReadyForQuery is `Z`, the length 5, and a state.
        let is_ready =
            |bytes: &[u8]| bytes.len() >= 6 && bytes[bytes.len() - 6..].starts_with(&[b'Z', 0, 0, 0, 5]);
        let mut answer = buffer[..bytes].to_vec();
        while !is_ready(&answer) {
            let bytes = server.read(&mut buffer)?;
            if bytes == 0 {
                break;
            }
            answer.extend_from_slice(&buffer[..bytes]);
        }
        return Ok(());
    }
}

/// Reads a whole message, with its type where it has one.
fn read_message(from: &mut TcpStream, has_type: bool, message: &mut Vec<u8>) -> io::Result<()> {
    let head = if has_type { 5 } else { 4 };
    message.clear();
    message.resize(head, 0);
    from.read_exact(message)?;
    let length = &message[head - 4..];
    let length = u32::from_be_bytes(length.try_into().map_err(io::Error::other)?) as usize;
    let whole = (head + length).checked_sub(4).ok_or(io::ErrorKind::InvalidData)?;
    message.resize(whole.max(head), 0);
    from.read_exact(&mut message[head..])
}

fn close(connection: &TcpStream) {
    // One that is closed already is as it should be.
    drop(connection.shutdown(Shutdown::Both));
}

#[cfg(test)]
mod tests {
    use super::is_commit;

    #[test]
    fn a_commit_is_known_in_both_protocols() {
        let message = |kind: u8, body: &[u8]| {
            let mut message = vec![kind, 0, 0, 0, 0];
            message.extend_from_slice(body);
            message
        };
        assert!(is_commit(&message(b'Q', b"COMMIT\0")));
        assert!(is_commit(&message(b'Q', b"commit; ")));
        assert!(is_commit(&message(b'P', b"s1\0COMMIT\0")));
        assert!(!is_commit(&message(b'Q', b"SELECT 'COMMIT'\0")));
        assert!(!is_commit(&message(b'd', b"COMMIT\0")));
        assert!(!is_commit(b"Q"));
    }
}
