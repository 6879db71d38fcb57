#!/usr/bin/env python3
"""Between two network namespaces a link that loses, delays and doubles packets.

  support_lossy_link.py SEED [--hasty]

Run inside the centre's namespace. Makes a second one for the devices; each gets an interface, and
this program moves IP packets from one to the other: 30 of 100 are lost, half of the others wait for
up to 30 ms so that those behind overtake them, 5 of 100 arrive twice. Which, the seed decides; when
packets come is the kernels' affair, so no two runs are alike. --hasty: TCP tries again after 20 ms
instead of 200, so that a short test has many repetitions too.

Prints one JSON line {"pid", "centre", "devices"} when the link is up: the devices' namespace is
/proc/PID/ns/net. When standard input ends it prints what it did to the packets. Exit code 77: not
possible here.

netem does the same where a kernel has it; this needs only TUN.
"""
import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
CENTRE, DEVICES = '10.99.0.1', '10.99.0.2'
LOST, DELAYED, DOUBLED, DELAY_MAX_S = 0.3, 0.5, 0.05, 0.03
HASTY = {'tcp_rto_min_us': '20000', 'tcp_rto_max_ms': '1000'}  # Linux 6.15; older ones are slow
IPV4 = 4


def make_side(address, peer, is_hasty):
    """An interface in the namespace that this process is in now; its packets."""
    packets = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(packets, TUNSETIFF, struct.pack('16sH22x', b'lossy', IFF_TUN | IFF_NO_PI))
    for words in (['link', 'set', 'lo', 'up'], ['address', 'add', address, 'peer', peer, 'dev', 'lossy'],
                  ['link', 'set', 'lossy', 'up']):
        subprocess.run(['ip', *words], check=True, stderr=subprocess.DEVNULL)
    for name, value in HASTY.items() if is_hasty else ():
        try:
            with open('/proc/sys/net/ipv4/' + name, 'w', encoding='ascii') as file:
                file.write(value)
        except OSError:
            pass
    return packets


def leave_network():
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), 'no network namespace')


class Link:
    def __init__(self, seed, sides):
        self.chance = random.Random(seed)
        self.sides = sides
        self.waiting = []  # (when, number, to, packet)
        self.counts = dict.fromkeys(('packets', 'lost', 'delayed', 'doubled', 'overtaken'), 0)
        self.delivered = [0, 0]  # the highest number that has arrived on each side

    def put(self, to, packet):
        delay = self.chance.random() * DELAY_MAX_S if self.chance.random() < DELAYED else 0
        self.counts['delayed'] += delay > 0
        heapq.heappush(self.waiting, (time.monotonic() + delay, self.counts['packets'], to, packet))

    def take(self, side):
        """All that has come from this side."""
        while True:
            try:
                packet = os.read(self.sides[side], 65536)
            except BlockingIOError:
                return
            if packet[0] >> 4 != IPV4:
                continue
            self.counts['packets'] += 1
            if self.chance.random() < LOST:
                self.counts['lost'] += 1
                continue
            self.put(1 - side, packet)
            if self.chance.random() < DOUBLED:
                self.counts['doubled'] += 1
                self.put(1 - side, packet)

    def deliver(self):
        """What is due; returns the seconds until the next is, or None."""
        now = time.monotonic()
        while self.waiting and self.waiting[0][0] <= now:
            _, number, to, packet = heapq.heappop(self.waiting)
            self.counts['overtaken'] += number < self.delivered[to]
            self.delivered[to] = max(self.delivered[to], number)
            try:
                os.write(self.sides[to], packet)
            except BlockingIOError:
                self.counts['lost'] += 1
        return self.waiting[0][0] - now if self.waiting else None

    def run(self, until):
        while True:
            ready, _, _ = select.select([*self.sides, until], [], [], self.deliver())
            if until in ready:
                return
            for side, packets in enumerate(self.sides):
                if packets in ready:
                    self.take(side)


def main():
    is_hasty = '--hasty' in sys.argv[2:]
    try:
        centre = make_side(CENTRE, DEVICES, is_hasty)
        leave_network()
        devices = make_side(DEVICES, CENTRE, is_hasty)
    except (OSError, subprocess.CalledProcessError) as error:
        print('no lossy link here: %s' % error, file=sys.stderr)
        return 77
    link = Link(sys.argv[1], [centre, devices])
    print(json.dumps({'pid': os.getpid(), 'centre': CENTRE, 'devices': DEVICES}), flush=True)
    link.run(sys.stdin.fileno())
    print(json.dumps(link.counts), flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
