#!/usr/bin/env python3
"""The device gateway: 10,000 devices on real sockets, each frame confirmed after it is durable, beside
a sink that only reads and confirms; and what a connected device costs in memory.

  bench/gateway.py [--engine sqlite|postgresql] [--devices 10000] [--seconds 300] [--idle 50000]
  bench/gateway.py --seconds 0   only what a connected device costs

PostgreSQL runs in a cluster of its own (tools/with-postgres). Prints one JSON document as bench/run.py
reads it.
"""
import argparse
import json
import os
import re
import resource
import signal
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BINARY = os.path.join(ROOT, 'build/huozheng')
TARGET = {'sqlite': 60000, 'postgresql': 40000}
EDGE_EVERY = 1000  # frames of a device; the others tell nothing new
KEPT = 2000  # descriptors that the server keeps for pages
FIRST = 1000000  # address of the first device
CROWD = 17500  # devices of one load process, which has the same limit of descriptors


def build(name):
    return os.path.join(ROOT, 'build/bench', name)


class Server:
    def __init__(self, url, folder):
        self.out = open(os.path.join(folder, 'out'), 'w+', encoding='utf-8')
        environment = dict(os.environ, HUOZHENG_DB=url, HUOZHENG_DATA=os.path.join(folder, 'data'))
        self.process = subprocess.Popen(
            [BINARY, 'serve', '--port', '0', '--device-per-address', '1000000'],
            stdout=self.out, stderr=self.out, env=environment)
        for _ in range(600):
            text = self.text()
            match = re.search(r'devices at \S*:(\d+)', text)
            if match and 'listening on' in text:
                self.port = match.group(1)
                return
            time.sleep(0.1)
        raise RuntimeError(self.text())

    def text(self):
        self.out.flush()
        with open(self.out.name, encoding='utf-8') as file:
            return file.read()

    def memory_kb(self):
        with open('/proc/%d/status' % self.process.pid, encoding='utf-8') as file:
            return int(re.search(r'VmRSS:\s+(\d+)', file.read()).group(1))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.out.close()


def load(port, devices, seconds):
    text = subprocess.check_output([build('gateway_load'), str(port), str(devices), str(seconds), str(EDGE_EVERY)], text=True)
    return json.loads(text.strip().split('\n')[-1])


def sink_rate(devices, seconds):
    sink = subprocess.Popen([build('gateway_sink')], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    run = load(sink.stdout.readline().strip(), devices, seconds)
    sink.stdin.close()
    sink.wait()
    return run['confirmed'] / run['seconds']


def run_sql(url, sql):
    command = (['sqlite3', '-bail', '-separator', '|', url[len('sqlite:'):], sql] if url.startswith('sqlite:')
               else ['psql', '-X', '-At', '-v', 'ON_ERROR_STOP=1', '-d', url, '-c', sql])
    return subprocess.check_output(command, text=True).strip()


def register(url, count):
    """As a city's devices are: known to the register and bound to nothing here."""
    run_sql(url, """WITH RECURSIVE n (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)
        INSERT INTO device (protocol, code, profile, name, state, region, district, building_id, unit_id, place,
        service_body, service_contact, key_hash, is_online, seen_us, state_bits, version, created_us, changed_us)
        SELECT 'gb26875', CAST(i AS text), 'standard', '', 'active', '', 0, 0, 0, '', '', '', NULL, 0, 0, 0, 0, 0, 0
        FROM n""" % (FIRST, FIRST + count - 1))


def stored(url):
    """What the tables hold: samples that wait to be packed or are packed, and states that changed."""
    sql = "SELECT coalesce((SELECT sum(records) FROM journal), 0), (SELECT count(*) FROM edge WHERE kind = 'fault')"
    text = run_sql(url, sql)
    return sum(int(part) for part in text.split('|'))


def throughput(url, folder, engine, devices, seconds):
    # The load generator's process starts anew, so descriptors of the run before are free again.
    bare = sink_rate(devices, min(seconds, 20))
    subprocess.check_call([BINARY, 'init', '--db', url], stdout=subprocess.DEVNULL)
    register(url, devices)
    server = Server(url, folder)
    warm = load(server.port, devices, min(seconds, 5))
    before_kb = server.memory_kb()
    run = load(server.port, devices, seconds)
    after_kb = server.memory_kb()
    server.stop()
    rate = run['confirmed'] / run['seconds']
    told = run['confirmed'] + warm['confirmed']
    kept = stored(url)
    return {
        'name': '%s devices, one frame a send, each confirmed after its commit, %s' % (format(devices, ','), engine),
        'value': round(rate), 'unit': 'frames/s', 'target': '≥ %d' % TARGET[engine],
        'holds': rate >= TARGET[engine] and kept >= told and after_kb - before_kb < 16384,
        'comparison': 'a sink that only reads and confirms %d/s (%.2f of it)' % (round(bare), rate / bare),
        'detail': '%d s; confirmation after %.0f ms, 99 of 100 after %.0f ms; %s confirmed, %s stored; memory %d MB before, '
                  '%d MB after' % (run['seconds'], run['median_ms'], run['p99_ms'], format(told, ','), format(kept, ','),
                                   before_kb // 1024, after_kb // 1024),
    }


class Crowd:
    """Devices that were confirmed once and stay; one process of them may have as many as it has descriptors."""

    def __init__(self, port, kind, first, count):
        self.count = count
        self.process = subprocess.Popen([build('gateway_load'), port, str(count), kind, '0', str(FIRST + first)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def connected(self):
        return json.loads(self.process.stdout.readline())['connected']

    def still_there(self):
        self.process.stdin.close()
        return self.process.wait() == 0


def crowds(port, kind, first, count):
    """Several processes; each is confirmed before the next begins. Returns them when all are connected."""
    made = []
    while count > 0:
        crowd = Crowd(port, kind, first, min(count, CROWD))
        if crowd.connected() != crowd.count:
            raise RuntimeError('not all of %s' % kind)
        made.append(crowd)
        first += crowd.count
        count -= crowd.count
    return made


def sessions(server, wanted):
    """What the server's log says of who is there; it counts once a minute."""
    for _ in range(150):
        found = re.findall(r'gateway\.sessions tcp=(\d+) udp=(\d+)', server.text())
        if found and tuple(map(int, found[-1])) == wanted:
            break
        time.sleep(0.5)
    return tuple(map(int, found[-1])) if found else (0, 0)


def memory(url, folder, wanted):
    """As many by TCP as descriptors allow, the others as senders of datagrams."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    tcp = min(wanted * 7 // 20 if wanted < hard else wanted, hard - KEPT - 500)
    udp = wanted - tcp
    server = Server(url, folder)
    empty_kb = server.memory_kb()
    server.stop()
    register(url, wanted)
    server = Server(url, folder)
    known_kb = server.memory_kb()
    by_tcp = crowds(server.port, 'idle', 0, tcp)
    tcp_kb = server.memory_kb()
    by_udp = crowds(server.port, 'idle-udp', tcp, udp)
    udp_kb = server.memory_kb()
    counted = sessions(server, (tcp, udp))
    stay = all([crowd.still_there() for crowd in by_tcp + by_udp])
    server.stop()
    confirmed = stored(url)
    register_each = (known_kb - empty_kb) * 1024 / wanted
    each = (udp_kb - empty_kb) * 1024 / wanted
    is_whole = counted == (tcp, udp) and stay and confirmed >= wanted
    return {
        'name': '%s devices at once, memory of each in the server' % format(wanted, ','),
        'value': round(each), 'unit': 'bytes', 'target': '≤ 3072', 'holds': each <= 3072 and is_whole,
        'comparison': 'known to the register and not there: %d bytes' % round(register_each),
        'detail': '%s by TCP, %d bytes each; %s by UDP, %d bytes each (a process may have %s descriptors here); session, '
                  'socket, and what ingest remembers of device and point. The server counts %s by TCP and %s by UDP, %s '
                  'frames are stored, nobody was cut off' % (
                      format(tcp, ','), round(register_each + (tcp_kb - known_kb) * 1024 / tcp),
                      format(udp, ','), round(register_each + (udp_kb - tcp_kb) * 1024 / udp), format(hard, ','),
                      format(counted[0], ','), format(counted[1], ','), format(confirmed, ','))
                  + ('' if stay else ' – NOT: some were'),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--engine', default='sqlite', choices=sorted(TARGET))
    parser.add_argument('--devices', type=int, default=10000)
    parser.add_argument('--seconds', type=int, default=300)
    parser.add_argument('--idle', type=int, default=50000)
    args = parser.parse_args()
    if args.engine == 'postgresql' and 'HUOZHENG_TEST_PG' not in os.environ:
        os.execv(os.path.join(ROOT, 'tools/with-postgres'), ['with-postgres'] + [__file__] + os.sys.argv[1:])
    subprocess.check_call(['ninja', '-C', os.path.join(ROOT, 'build'), 'bench/gateway_load', 'bench/gateway_sink'],
                          stdout=subprocess.DEVNULL)
    figures = []
    with tempfile.TemporaryDirectory(prefix='huozheng-bench-') as folder:
        url = 'sqlite:%s/devices.db' % folder
        if args.engine == 'postgresql':
            base = os.environ['HUOZHENG_TEST_PG']
            url = base.replace('///', '///bench_devices', 1)
            subprocess.check_call(['psql', '-X', '-q', '-d', base.replace('///', '///postgres', 1),
                                   '-c', 'CREATE DATABASE bench_devices'])
        if args.seconds > 0:
            figures.append(throughput(url, folder, args.engine, args.devices, args.seconds))
    if args.engine == 'sqlite':
        with tempfile.TemporaryDirectory(prefix='huozheng-bench-') as folder:
            figures.append(memory('sqlite:%s/devices.db' % folder, folder, args.idle))
    print(json.dumps({'title': 'Device gateway, %s' % args.engine, 'figures': figures}))


if __name__ == '__main__':
    main()
