//! Counts what a thread holds: by Rust's allocator, and by that of tree-sitter's library, which is C.
//!
//! What scanners of grammars ask for by themselves is not seen; they hold a stack of indentations.
#![expect(unsafe_code, reason = "an allocator has no safe form; both pass everything on to the system's")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ffi::c_void,
    sync::Once,
};

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

fn count(bytes: isize) {
    // A thread that ends may free what it held after its counters are gone.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // While it is copied, both are there.
        count(size as isize);
        let moved = unsafe { System.realloc(pointer, layout, size) };
        count(-(layout.size() as isize));
        moved
    }
}

/// The most bytes that this thread held at once while it did this, beyond what it held before, and what came of it.
pub(crate) fn peak_bytes<T>(work: impl FnOnce() -> T) -> (T, usize) {
    static TREE_SITTER: Once = Once::new();
    // SAFETY: the four belong together, and nothing was parsed in this process before.
    TREE_SITTER.call_once(|| unsafe { tree_sitter::set_allocator(Some(IN_C)) });
    let before = HELD.get();
    PEAK.set(before);
    let done = work();
    (done, usize::try_from(PEAK.get() - before).unwrap_or(0))
}

const IN_C: tree_sitter::Allocator = tree_sitter::Allocator { malloc, calloc, realloc, free };

unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    counted(unsafe { libc::malloc(size) })
}

unsafe extern "C" fn calloc(number: usize, size: usize) -> *mut c_void {
    counted(unsafe { libc::calloc(number, size) })
}

unsafe extern "C" fn realloc(pointer: *mut c_void, size: usize) -> *mut c_void {
    let before = size_of_allocation(pointer);
    let moved = counted(unsafe { libc::realloc(pointer, size) });
    if !moved.is_null() {
        count(-before);
    }
    moved
}

unsafe extern "C" fn free(pointer: *mut c_void) {
    count(-size_of_allocation(pointer));
    unsafe { libc::free(pointer) }
}

fn counted(pointer: *mut c_void) -> *mut c_void {
    count(size_of_allocation(pointer));
    pointer
}

#[cfg(target_os = "macos")]
fn size_of_allocation(pointer: *mut c_void) -> isize {
    // SAFETY: the pointer is null or of malloc.
    if pointer.is_null() { 0 } else { unsafe { libc::malloc_size(pointer) as isize } }
}

#[cfg(not(target_os = "macos"))]
fn size_of_allocation(pointer: *mut c_void) -> isize {
    // SAFETY: the pointer is null or of malloc.
    unsafe { libc::malloc_usable_size(pointer) as isize }
}

#[test]
fn what_is_held_at_once_is_counted_in_both_languages() {
    let (_, bytes) = peak_bytes(|| {
        drop(vec![0_u8; 100_000]);
        drop(vec![0_u8; 200_000]);
    });
    assert!((200_000..210_000).contains(&bytes), "{bytes}");
    let source = "x = 1\n".repeat(2_000);
    let (_, of_tree) = peak_bytes(|| {
        let mut parser = tree_sitter::Parser::new();
        parser.set_language(&tree_sitter_python::LANGUAGE.into()).unwrap();
        parser.parse(&source, None).unwrap().root_node().descendant_count()
    });
    assert!(of_tree > 10 * source.len(), "{of_tree} bytes of tree");
}
