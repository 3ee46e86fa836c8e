# The peer of `kerwen sync`: two clusters of PostgreSQL 15 on loopback, fsync
# and synchronous_commit on, logical replication. Sourced by bench.sh, whose
# `work`, `note` and `fail` it uses. Without PostgreSQL all of it does nothing.

postgres_bin=
postgres_dir=
postgres_user=

# Runs it as somebody whom PostgreSQL accepts, which root is not.
postgres_as()
{
	if [ -n "$postgres_user" ]; then
		(cd "$postgres_dir" && runuser -u "$postgres_user" -- "$@")
	else
		"$@"
	fi
}

# postgres_sql publisher|subscriber COMMAND...
postgres_sql()
{
	where=$1
	shift
	for command in "$@"; do
		set -- "$@" -c "$command"
		shift
	done
	postgres_as "$postgres_bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$postgres_dir" \
		-p "$(cat "$postgres_dir/$where.port")" -U postgres -d postgres "$@"
}

postgres_start_cluster()
{
	postgres_as "$postgres_bin/initdb" -D "$postgres_dir/$1" -A trust -U postgres \
		>"$work/initdb.log" 2>&1 || return 1
	cat >>"$postgres_dir/$1/postgresql.conf" <<-CONF
		listen_addresses = '127.0.0.1'
		port = $2
		unix_socket_directories = '$postgres_dir'
		wal_level = logical
		fsync = on
		synchronous_commit = on
		shared_buffers = 1GB
		max_wal_size = 8GB
		wal_retrieve_retry_interval = 100ms
	CONF
	echo "$2" >"$postgres_dir/$1.port"
	postgres_as "$postgres_bin/pg_ctl" -D "$postgres_dir/$1" -l "$postgres_dir/$1.log" -w start \
		>"$work/pg_ctl.log" 2>&1
}

postgres_start()
{
	postgres_bin=/usr/lib/postgresql/15/bin
	if [ ! -x $postgres_bin/postgres ]; then
		note "no PostgreSQL: postgresql-15 is not installed"
		postgres_bin=
		return
	fi
	postgres_dir=$work/postgresql
	mkdir "$postgres_dir"
	if [ "$(id -u)" -eq 0 ]; then
		postgres_user=postgres
		chown postgres "$postgres_dir"
	fi
	port=$((20000 + $$ % 10000))
	if ! postgres_start_cluster publisher $port ||
		! postgres_start_cluster subscriber $((port + 1)); then
		note "no PostgreSQL: its clusters do not start"
		postgres_stop
		postgres_bin=
	fi
}

postgres_stop()
{
	for cluster in subscriber publisher; do
		if [ -e "$postgres_dir/$cluster/postmaster.pid" ]; then
			postgres_as "$postgres_bin/pg_ctl" -D "$postgres_dir/$cluster" -m fast -w stop \
				>/dev/null 2>&1 || true
		fi
	done
}

# The table of configs/unhcr.yaml with one index: its key.
postgres_table='CREATE TABLE people (year int, coo_name text, coo text, coo_iso text,
	coa_name text, coa text, coa_iso text, pop_type text, location text, loc_type text,
	acc_type text, f_0_4 int, f_5_11 int, f_12_17 int, f_18_59 int, f_60 int, f_other int,
	f_total int, m_0_4 int, m_5_11 int, m_12_17 int, m_18_59 int, m_60 int, m_other int,
	m_total int, total int NOT NULL,
	PRIMARY KEY (year, coo, coa, pop_type, location, loc_type, acc_type))'

# The publisher holds the rows, written 1,000 a transaction as an office would;
# the clock runs from letting the subscriber ask for them until it has said that
# all are durable there.
#
# postgres_replicate FILE.csv SECONDS: adds a line to SECONDS.
postgres_replicate()
{
	if [ -z "$postgres_bin" ]; then
		return
	fi
	postgres_sql publisher "$postgres_table" 'CREATE PUBLICATION p FOR TABLE people'
	postgres_sql subscriber "$postgres_table" "CREATE SUBSCRIPTION s CONNECTION
		'host=127.0.0.1 port=$(cat "$postgres_dir/publisher.port") user=postgres dbname=postgres'
		PUBLICATION p WITH (enabled = false, copy_data = false, synchronous_commit = on)" \
		2>/dev/null
	awk 'NR > 1 {
		if (NR % 1000 == 2) print (NR > 2 ? "\\.\n" : "") "COPY people FROM STDIN (FORMAT csv);"
		print
	}' "$1" >"$work/copy.sql"
	postgres_as "$postgres_bin/psql" -X -q -v ON_ERROR_STOP=1 -h "$postgres_dir" \
		-p "$(cat "$postgres_dir/publisher.port")" -U postgres -d postgres <"$work/copy.sql"
	end=$(postgres_sql publisher 'SELECT pg_current_wal_flush_lsn()')
	seconds postgres_follow "$end" >>"$2"
	got=$(postgres_sql subscriber 'SELECT count(*) FROM people')
	[ "$got" -eq "$(($(wc -l <"$1") - 1))" ] || fail "PostgreSQL replicated $got rows"
	postgres_sql subscriber 'DROP SUBSCRIPTION s' 'DROP TABLE people' 2>/dev/null
	postgres_sql publisher 'DROP TABLE people' 'DROP PUBLICATION p'
}

postgres_follow()
{
	postgres_sql subscriber 'ALTER SUBSCRIPTION s ENABLE'
	postgres_sql publisher "DO \$\$ BEGIN
		WHILE (SELECT confirmed_flush_lsn < '$1' FROM pg_replication_slots) LOOP
			PERFORM pg_sleep(0.002);
		END LOOP;
	END \$\$"
}
