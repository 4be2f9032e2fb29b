// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Notes the path of every new cgroup, so that one which is gone before anybody looked still has a name.
 * Runs on the tracepoint cgroup:cgroup_mkdir, whose record is laid out in two ways: Linux 5.17 and later
 * stable kernels have a 64-bit id behind the level, older ones the id's lower half before it. (The upper
 * half is 0 until four billion cgroups have been made.)
 */
#include "layout.h"

/* The id of cgroup2's hierarchy; those of version 1 have higher ones. */
#define DEFAULT_HIERARCHY 0

MAP(names, BPF_MAP_TYPE_LRU_HASH, sizeof(__u64), sizeof(struct cgroup_path), 16384, 0);

char license_text[] SEC("license") = "Dual MIT/GPL";

struct mkdir_level_first {
	__u64 common;
	__s32 root;
	__s32 level;
	__u64 id;
	__u32 path; /* length << 16 | offset from the start of the record */
};

struct mkdir_id_first {
	__u64 common;
	__s32 root;
	__u32 id;
	__s32 level;
	__u32 path;
};

static __always_inline int note(void *record, __s32 root, __u64 id, __u32 path)
{
	struct cgroup_path value = {};

	if (root != DEFAULT_HIERARCHY)
		return 0;
	bpf_probe_read_kernel_str(value.text, sizeof(value.text), record + (path & 0xffff));
	bpf_map_update_elem(&names, &id, &value, BPF_ANY);
	return 0;
}

SEC("tracepoint/level_first")
int names_level_first(struct mkdir_level_first *record)
{
	return note(record, record->root, record->id, record->path);
}

SEC("tracepoint/id_first")
int names_id_first(struct mkdir_id_first *record)
{
	return note(record, record->root, record->id, record->path);
}
